/** Where the customer says what happened, and what they have said. */

import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { clock, utc } from "../clock";
import { characters, visible } from "../visible";
import type { Wish } from "./act";
import type { Asked } from "./asked";
import type { Note } from "./notes";
import { NOTE_CHARACTERS, plainNote } from "./notes";
import { Outcome } from "./top";

/** So few characters before the last one, it is told how many are left. */
const TOLD_AT = 200;

interface Props {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** All of the session's. */
  readonly notes: readonly Note[];
  readonly asked: Asked | undefined;
  /** Whether there is a report that asks for it; else it is opened by a button. */
  readonly isWanted: boolean;
  readonly onWish: (wish: Wish) => void;
}

export function NoteBox({ field, notes, asked, isWanted, onWish }: Props) {
  const [draft, setDraft] = useState("");
  const [isChosen, setChosen] = useState(false);
  const note = plainNote(draft);
  const left = NOTE_CHARACTERS - characters(note);
  const sent = useRef<Wish | null>(null);
  // It stays in the box until the host has it, whatever comes between.
  useEffect(() => {
    if (asked !== undefined) sent.current = asked.wish;
    else if (sent.current?.do === "note") {
      const { word } = sent.current;
      setDraft((now) => (plainNote(now) === word ? "" : now));
      setChosen(false);
      sent.current = null;
    }
  }, [asked]);
  useEffect(() => {
    if (isChosen) field.current?.focus();
  }, [isChosen, field]);
  if (!isWanted && !isChosen && draft === "")
    return (
      <button type="button" data-action="open-note" onClick={() => setChosen(true)}>
        Add a note …
      </button>
    );
  return (
    <form
      class="note-box"
      data-note-box
      onSubmit={(event) => {
        event.preventDefault();
        onWish({ do: "note", word: note, after: notes.length });
      }}
    >
      <label for="note">Say what you did</label>
      <textarea
        id="note"
        ref={field}
        rows={3}
        maxLength={NOTE_CHARACTERS}
        placeholder="We changed the MTU because …"
        aria-describedby="note-hint"
        readOnly={asked?.isBusy === true}
        value={draft}
        onInput={(event) => setDraft(event.currentTarget.value)}
      />
      <p id="note-hint" class="quiet">
        The engineers see it at once, and it stays with the recording.
        {left <= TOLD_AT && ` ${left} characters left.`}
      </p>
      <button
        type="submit"
        class="run"
        data-action="note"
        disabled={note === "" || asked?.isBusy === true}
      >
        {asked?.isBusy ? "Sending …" : "Add note"}
      </button>
      <Outcome of={asked} />
    </form>
  );
}

/** What they have said, oldest first. */
export function Notes({ notes, now }: { notes: readonly Note[]; now: number }) {
  if (notes.length === 0) return null;
  return (
    <ul class="notes" aria-label="Notes" aria-live="polite">
      {notes.map(({ at, by, text }, index) => (
        <li key={index} data-note>
          <p class="quiet">
            <time dateTime={new Date(at * 1000).toISOString()} title={utc(at)}>
              {clock(at, now)}
            </time>{" "}
            {visible(by)}
          </p>
          <p class="text">{text.split("\n").map(visible).join("\n")}</p>
        </li>
      ))}
    </ul>
  );
}
