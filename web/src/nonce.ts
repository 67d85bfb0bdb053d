/**
 * Gives each <style> that a library creates the nonce of this page, at creation: xterm.js makes its
 * own, and the console's Content-Security-Policy lets none in without it.
 */

/* eslint-disable @typescript-eslint/no-deprecated -- one overload is, for names of elements that
   are; naming the function at all counts. */

export function giveStylesTheNonce(): void {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]');
  if (!meta) return;
  const create = document.createElement.bind(document);
  const createWithNonce = (name: string, options?: ElementCreationOptions) => {
    const element = create(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = meta.content;
    return element;
  };
  document.createElement = createWithNonce;
}
