/** One command of a list: what was entered, by whom, how it ended, and what can be done with it. */

import { useRef, useState } from "preact/hooks";
import { clockSeconds, took, utc } from "../clock";
import { persons } from "../command-rows";
import type { Row } from "../command-rows";
import type { Command } from "../commands";
import type { Outcome } from "../outcome";
import { outcome } from "../outcome";
import { CopyButton } from "../pages/copy-button";
import { visible } from "../visible";

interface Props {
  readonly row: Row;
  readonly began: number;
  /** Where the session is now, in seconds since it began. */
  readonly time: number;
  /** Where its replay is. */
  readonly href: string;
  /** The terminal's name, where several have commands. */
  readonly terminal: string | null;
  readonly isCurrent: boolean;
  /** Jumps there on this page; null: the link opens it. */
  readonly onJump: (() => void) | null;
  /** Shows what it printed, alone; null: nobody can tell. */
  readonly onOutput: (() => void) | null;
}

export function CommandRow(props: Props) {
  const { row, began, time, terminal, isCurrent, onOutput } = props;
  const { command, nesting } = row;
  const ended = outcome(command, time - command.since);
  const text = useRef<HTMLElement>(null);
  return (
    <li
      class={`command ${ended.tone}`}
      data-command={command.id}
      data-over={command.over}
      data-status={command.status ?? ""}
      data-nesting={nesting}
      aria-current={isCurrent ? "step" : undefined}
      style={{ paddingLeft: `${0.7 + nesting * 0.9}rem` }}
    >
      <p class="command-head">
        <time title={utc(began + command.since)}>{clockSeconds(began + command.since)}</time>
        <Typists of={command} />
        <How ended={ended} command={command} />
      </p>
      <Line {...props} text={text} />
      <div class="command-foot">
        <p class="command-facts">
          {terminal !== null && <span class="command-terminal">{visible(terminal)}</span>}
          {command.cwd !== "" && (
            <span class="cwd" title={visible(`${command.cwd} · ${command.shell}`)}>
              <bdi>{visible(command.cwd)}</bdi>
            </span>
          )}
          <Flags of={command} />
        </p>
        <span class="command-actions">
          {command.how === "told" && onOutput !== null && (
            <button
              type="button"
              data-action="output"
              aria-label={`Output of ${firstLine(command.line)}`}
              onClick={onOutput}
            >
              Output
            </button>
          )}
          {command.line !== "" && (
            <CopyButton
              text={command.line}
              label="Copy"
              name={`Copy the line ${firstLine(command.line)}`}
              shown={text}
            />
          )}
        </span>
      </div>
    </li>
  );
}

function Typists({ of }: { of: Command }) {
  const [first, ...others] = persons([of]).map(visible);
  const shares = [...of.shares].map(([who, count]) => `${visible(who)}: ${characters(count)}`);
  return (
    <span class="command-who" title={shares.join(", ")}>
      {first ?? "nobody"}
      {others.length > 0 && ` and ${others.join(" and ")}`}
    </span>
  );
}

function characters(count: number): string {
  return count === 1 ? "1 character" : `${count} characters`;
}

/** What went well says little; anything else stands out, in words too. */
function How({ ended, command }: { ended: Outcome; command: Command }) {
  const { since, until } = command;
  return (
    <span class="command-end">
      {ended.text !== "" && (
        <span class={`outcome ${ended.tone}`} data-outcome={ended.tone}>
          {ended.text}
        </span>
      )}
      {until !== null && <span class="quiet took">{took(until - since)}</span>}
    </span>
  );
}

/** The first line, and the others for whoever wants them. */
function Line({
  row: { command },
  href,
  onJump,
  text,
}: Props & { text: { current: HTMLElement | null } }) {
  const [isWhole, setWhole] = useState(false);
  const lines = command.line.split("\n");
  const more = lines.length - 1;
  return (
    <div class="command-line">
      <a
        href={href}
        target={onJump === null ? "_blank" : undefined}
        rel="noopener"
        title="Replay this moment"
        onClick={(event) => {
          if (onJump === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          onJump();
        }}
      >
        {command.line === "" ? (
          <span class="quiet">not seen at a prompt</span>
        ) : (
          <code ref={text}>
            {(isWhole ? lines : lines.slice(0, 1)).map((line, index) => (
              <span key={index}>{seen(line)}</span>
            ))}
          </code>
        )}
      </a>
      {more > 0 && (
        <button
          type="button"
          class="plain more-lines"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? "first line only" : `… +${more} ${more === 1 ? "line" : "lines"}`}
        </button>
      )}
    </div>
  );
}

function Flags({ of }: { of: Command }) {
  const { away, how, interactive, proposal } = of;
  return (
    <>
      {away && <Flag name="away" says="away" />}
      {how === "inferred" && <Flag name="inferred" says="from the screen" />}
      {interactive && <Flag name="interactive" says="interactive; not seen inside" />}
      {proposal !== null && <Flag name="proposed" says={`proposed as ${visible(proposal)}`} />}
    </>
  );
}

function Flag({ name, says }: { name: string; says: string }) {
  return (
    <span class="flag" data-flag={name}>
      {says}
    </span>
  );
}

/** A line for people: tabs, which code has, as room; what else can't be seen spelled out. */
function seen(line: string): string {
  return visible(line.replaceAll("\t", "    "));
}

function firstLine(line: string): string {
  return visible(line.split("\n", 1)[0] ?? "");
}
