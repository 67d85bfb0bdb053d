/**
 * Gives each <style> that a library creates the nonce of this page, at creation: xterm.js makes its
 * own, and the console's Content-Security-Policy lets none in without it.
 */
export function giveStylesTheNonce(): void {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]');
  if (!meta) return;
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (this: Document, ...call: [string]) {
    const element = create.apply(this, call);
    if (element instanceof HTMLStyleElement) element.nonce = meta.content;
    return element;
  };
}
