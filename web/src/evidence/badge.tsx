/** The verdict on a session's evidence; a click tells why, and by which keys. */

import { useEffect, useRef, useState } from "preact/hooks";
import { clockSeconds, utc } from "../clock";
import { Problem } from "../pages/frame";
import { visible } from "../visible";
import type { Checked } from "./checking";
import type { Finding, Verdict, Verification } from "./verify";

const MEANS: Readonly<Record<Verdict, string>> = {
  VERIFIED: "To the last byte, this is what the broker held when the session was complete.",
  UNANCHORED: "Nothing contradicts what was signed, but not all of it is vouched for.",
  REJECTED: "This is not what was signed for.",
};
const SIGN: Readonly<Record<Verdict, string>> = { VERIFIED: "✓", UNANCHORED: "○", REJECTED: "✗" };

interface Props {
  readonly checked: Checked;
  /** Whose word it is that the keys are the broker's; a sentence. */
  readonly trust: string;
}

export function VerdictBadge({ checked, trust }: Props) {
  const [isOpen, setOpen] = useState(false);
  const verdict = checked.state === "judged" ? checked.found.verdict : null;
  return (
    <>
      <button
        type="button"
        class={`verdict ${verdict ?? "none"}`}
        data-verdict={verdict ?? checked.state}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {verdict === null ? LABELS[checked.state] : `${SIGN[verdict]} ${verdict}`}
      </button>
      {isOpen && <Details checked={checked} trust={trust} onClose={() => setOpen(false)} />}
    </>
  );
}

const LABELS: Readonly<Record<Checked["state"], string>> = {
  judged: "",
  checking: "being checked …",
  large: "not checked yet",
  cannot: "can't be checked in this browser",
  failed: "not checked",
};

function Details({ checked, trust, onClose }: Props & { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="verdict-dialog"
      aria-labelledby="verdict-heading"
      onClose={onClose}
    >
      <header>
        <h2 id="verdict-heading">What this recording is worth as evidence</h2>
        <button type="button" data-action="close-verdict" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </header>
      <What checked={checked} trust={trust} />
      <p class="quiet">
        To check it without this page: <code>jumpseat verify FILE --key FINGERPRINT</code>, on a
        machine that you trust, with the bundle and the fingerprint that the terms showed.
      </p>
    </dialog>
  );
}

function What({ checked, trust }: Props) {
  switch (checked.state) {
    case "judged":
      return <Judged found={checked.found} trust={trust} />;
    case "checking":
      return <p>It is being checked, in this browser.</p>;
    case "large":
      return (
        <p>
          All of the session is {Math.round(checked.bytes / 1024 / 1024)} MiB, which are loaded to
          be checked.{" "}
          <button type="button" data-action="check" onClick={checked.check}>
            Check it
          </button>
        </p>
      );
    case "cannot":
      return (
        <p>
          This browser can't check Ed25519 signatures here: it is too old, or the page came without
          https.
        </p>
      );
    case "failed":
      return <Problem error={checked.error} />;
  }
}

function Judged({ found, trust }: { found: Verification; trust: string }) {
  const { verdict, findings, keys, receipts, until } = found;
  return (
    <>
      <p>
        <strong class={`verdict-word ${verdict}`}>
          {SIGN[verdict]} {verdict}
        </strong>{" "}
        {MEANS[verdict]}
      </p>
      {findings.length > 0 && (
        <ul class="findings">
          {findings.map((one, index) => (
            <li key={index} data-finding={one.code} data-stream={one.stream}>
              {visible(one.says)} <Where of={one} />
            </li>
          ))}
        </ul>
      )}
      {until !== null && (
        <p data-field="until">
          {receipts === 1 ? "1 receipt" : `${receipts} receipts`}, the last at{" "}
          <time title={utc(until / 1000)}>{clockSeconds(until / 1000, Date.now() / 1000)}</time> by
          the broker's clock.
        </p>
      )}
      {keys.length > 0 && (
        <>
          <h3>Signed by</h3>
          <ul class="keys">
            {keys.map((key) => (
              <li key={key}>
                <code data-key>{key}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="quiet">{trust}</p>
    </>
  );
}

function Where({ of: { verdict, code, stream, offset, line } }: { of: Finding }) {
  const places = [
    ...(stream === "" ? [] : [`${stream}, byte ${offset}`]),
    ...(line === 0 ? [] : [`receipts, line ${line}`]),
  ];
  return (
    <span class="quiet">
      {[`${verdict.toLowerCase()}: ${code}`, ...places].join("; ")}
    </span>
  );
}
