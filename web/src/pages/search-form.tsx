/** What to search for, and where. */

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { Case } from "../api";
import { cases } from "../api";
import type { Asked } from "../search";
import { localOf, unixOf } from "../search";

interface Props {
  readonly asked: Asked;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onAsk: (asked: Asked) => void;
}

export function SearchForm({ asked, field, onAsk }: Props) {
  const [wanted, setWanted] = useState(asked);
  // At once: later it would undo what was typed meanwhile.
  useLayoutEffect(() => setWanted(asked), [asked]);
  const [known, setKnown] = useState<readonly Case[]>([]);
  useEffect(() => {
    // Without the list one can still search; what is wrong is told by the search itself.
    cases().then(setKnown, () => undefined);
  }, []);
  const set = (name: keyof Asked, value: string) => setWanted((was) => ({ ...was, [name]: value }));
  /** A choice asks at once; what is typed, with Enter. */
  const choose = (name: keyof Asked, value: string) => {
    set(name, value);
    if (wanted.q?.trim()) onAsk({ ...wanted, [name]: value });
  };
  return (
    <form
      class="search-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk(wanted);
      }}
    >
      <div class="search-words">
        <input
          ref={field}
          type="search"
          name="q"
          required
          maxLength={500}
          aria-label="Words to find"
          placeholder='zpool status, "no such device", restart*'
          value={wanted.q ?? ""}
          onInput={({ currentTarget }) => set("q", currentTarget.value)}
        />
        <button type="submit" class="primary">
          Search
        </button>
      </div>
      <div class="search-filters">
        <p class="field">
          <label for="search-in">In</label>
          <select
            id="search-in"
            value={wanted.in ?? ""}
            onChange={({ currentTarget }) => choose("in", currentTarget.value)}
          >
            <option value="">everything</option>
            <option value="commands">commands</option>
            <option value="output">output</option>
          </select>
        </p>
        <p class="field">
          <label for="search-case">Case</label>
          <select
            id="search-case"
            value={wanted.case ?? ""}
            onChange={({ currentTarget }) => choose("case", currentTarget.value)}
          >
            <option value="">any</option>
            {known.map((one) => (
              <option key={one.id} value={one.id}>
                {one.title}
              </option>
            ))}
          </select>
        </p>
        <p class="field">
          <label for="search-person">Person</label>
          <input
            id="search-person"
            placeholder="anybody"
            value={wanted.person ?? ""}
            onInput={({ currentTarget }) => set("person", currentTarget.value)}
          />
        </p>
        <p class="field">
          <label for="search-exit">Exit</label>
          <input
            id="search-exit"
            list="search-exits"
            placeholder="any"
            pattern="failed|\d{1,3}"
            title="failed, or an exit status from 0 to 255"
            value={wanted.exit ?? ""}
            onInput={({ currentTarget }) => set("exit", currentTarget.value)}
          />
          <datalist id="search-exits">
            {["failed", "0", "1", "2", "126", "127", "130", "137"].map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </p>
        <Time name="since" label="From" wanted={wanted} onChoose={choose} />
        <Time name="until" label="To" wanted={wanted} onChoose={choose} />
      </div>
      {wanted.session !== undefined && wanted.session !== "" && (
        <p class="quiet">
          In one session only.{" "}
          <button type="button" data-action="everywhere" onClick={() => choose("session", "")}>
            Search all
          </button>
        </p>
      )}
    </form>
  );
}

interface TimeProps {
  readonly name: "since" | "until";
  readonly label: string;
  readonly wanted: Asked;
  readonly onChoose: (name: "since" | "until", value: string) => void;
}

function Time({ name, label, wanted, onChoose }: TimeProps) {
  return (
    <p class="field">
      <label for={`search-${name}`}>{label}</label>
      <input
        id={`search-${name}`}
        type="datetime-local"
        value={localOf(wanted[name])}
        onChange={({ currentTarget }) => onChoose(name, unixOf(currentTarget.value))}
      />
    </p>
  );
}
