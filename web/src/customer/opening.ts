/** From a link to an open page: reads the key, signs in, and again when the sign-in is over. */

import { useEffect, useState } from "preact/hooks";
import { asApiError } from "../pages/frame";
import type { Session } from "../api";
import { Signer } from "./act";
import { BadLink, derive, readKey } from "./key";
import { explain, isPassing, signIn, summary } from "./sign-in";

const RETRY_MS = 5_000;

export type Opening =
  | { readonly state: "opening" }
  | { readonly state: "failed"; readonly kind: string; readonly title: string; readonly more: string }
  | {
      readonly state: "open";
      readonly session: Session;
      readonly signer: Signer;
      /** Sign in again if that is needed; whether this link still opens the page. */
      readonly renew: () => Promise<boolean>;
    };

const AT_THE_TERMINAL =
  "At the terminal on the host everything works: the prefix key (Ctrl-] where you have not chosen another) shows who is here, and with the space bar takes back.";

export function useOpening(session: string, fragment: string): Opening {
  const [opening, setOpening] = useState<Opening>({ state: "opening" });
  useEffect(() => {
    let timer: number | undefined;
    let isGone = false;
    const attempt = async () => {
      const after = await tryToOpen(session, fragment);
      if (isGone) return;
      setOpening(after);
      if (after.state === "failed" && after.kind === "passing")
        timer = window.setTimeout(() => void attempt(), RETRY_MS);
    };
    void attempt();
    return () => {
      isGone = true;
      window.clearTimeout(timer);
    };
  }, [session, fragment]);
  return opening;
}

async function tryToOpen(id: string, fragment: string): Promise<Opening> {
  // Browsers keep WebCrypto from pages that came over plain http, except from this very machine.
  if (!isSecureContext)
    return failed(
      "insecure",
      "This page can't be opened over plain http.",
      `Browsers sign nothing there, and the customer's page signs all it does. Whoever runs the broker has to serve it over https. ${AT_THE_TERMINAL}`,
    );
  try {
    const { viewToken, actKey } = await derive(readKey(fragment));
    await signIn(id, viewToken);
    const renew = () =>
      signIn(id, viewToken).then(
        () => true,
        // A broker that can't be reached says nothing about the link.
        (problem: unknown) => isPassing(asApiError(problem)),
      );
    return { state: "open", session: await summary(id), signer: new Signer(id, actKey), renew };
  } catch (problem) {
    if (problem instanceof BadLink)
      return failed(
        "bad-link",
        "This link is not whole.",
        `${problem.message} Open or copy it again, to its end; on the host, jumpseat status shows it.`,
      );
    const error = asApiError(problem);
    const { title, more } = explain(error);
    return failed(isPassing(error) ? "passing" : "refused", title, more);
  }
}

function failed(kind: string, title: string, more: string): Opening {
  return { state: "failed", kind, title, more };
}
