/** replay.html of a bundle: replays and verifies the session that is in it, without a network. */

import { render } from "preact";
import { useState } from "preact/hooks";
import { utc } from "../clock";
import { VerdictBadge } from "../evidence/badge";
import { useChecked } from "../evidence/checking";
import { useNow } from "../pages/frame";
import { Replay } from "../replay/replay";
import { visible } from "../visible";
import type { InPage } from "./in-page";
import { openInPage } from "./in-page";

const TRUST =
  "Checked in this browser. Only you can say which key is the broker's: the terms showed its " +
  "fingerprint before the session began. This page itself came with the bundle: where much hangs " +
  "on the answer, ask a jumpseat that you have from elsewhere.";

function BundlePage({ about, source }: InPage) {
  const now = useNow();
  const [typed, setTyped] = useState("");
  const trusted = /SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/])/.exec(typed)?.[0] ?? "";
  const checked = useChecked(source, trusted);
  const isOther =
    trusted !== "" && checked.state === "judged" && !checked.found.keys.includes(trusted);
  return (
    <>
      <header class="top-bar">
        <span class="brand">Jumpseat</span>
        <div class="top-bar-middle">
          <h1 class="live-name">
            {visible(about.host)} <span class="quiet">{visible(about.case)}</span>
          </h1>
        </div>
      </header>
      <Replay
        source={source}
        now={now}
        status={
          <>
            <VerdictBadge checked={checked} trust={TRUST} />
            <span class="trust">
              <label for="trusted">The broker's key, as the terms showed it</label>
              <input
                id="trusted"
                placeholder="SHA256:…"
                autocomplete="off"
                spellcheck={false}
                value={typed}
                aria-invalid={typed !== "" && trusted === ""}
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
              <span role="status" data-field="trust">
                {typed !== "" && trusted === "" && "A fingerprint: SHA256: and 43 characters."}
                {isOther && "None of this was signed by that key."}
              </span>
            </span>
          </>
        }
        tools={() => (
          <span class="toolbar-end quiet">
            engineer {visible(about.engineer)}; packed{" "}
            {about.made.by === "host" ? "on the customer's host" : "at the broker"},{" "}
            {utc(about.made.at)}
          </span>
        )}
      />
    </>
  );
}

function opened(): InPage | null {
  try {
    return openInPage(document.getElementById("evidence")?.textContent ?? "");
  } catch {
    return null;
  }
}

const page = document.getElementById("page");
const found = opened();
if (page)
  render(
    found ? (
      <BundlePage {...found} />
    ) : (
      <p class="lone">There is no session in this page, or what is in it can't be read.</p>
    ),
    page,
  );
