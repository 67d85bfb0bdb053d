/** A session that lies in the page itself, as a bundle's replay.html has it. */

import { ApiError, timelineShape } from "../api";
import { reportsShape } from "../away";
import { fromBase64 } from "../evidence/keys";
import { knownShape } from "../evidence/known";
import { byAge } from "../log";
import { readLogs } from "../replay/recording";
import type { Source } from "../replay/source";
import { list, map, number, object, oneOf, parse, text } from "../shape";

const bundleShape = object({
  session: text,
  case: text,
  engineer: text,
  host: text,
  made: object({ at: number, by: oneOf("broker", "host") }),
  receipts: text,
  streams: map(text),
  reports: object({
    timeline: timelineShape,
    away: reportsShape,
    evidence: object({ stretches: list(knownShape) }),
  }),
});

export interface InPage {
  readonly about: Pick<ReturnType<typeof bundleShape>, "case" | "engineer" | "host" | "made">;
  readonly source: Source;
}

/** Read it. Throws BadShape, and whatever a text that isn't base64 makes the browser throw. */
export function openInPage(json: string): InPage {
  const { session, receipts, streams, reports, ...about } = bundleShape(parse(json, "bundle"));
  const signed = fromBase64(receipts);
  const files = new Map(Array.from(streams, ([name, data]) => [name, fromBase64(data)]));
  const logs = [...files.keys()].filter((name) => name.endsWith(".log")).sort(byAge);
  return {
    about,
    source: {
      session,
      receipts: () => Promise.resolve(signed),
      streams: new Map(Array.from(files, ([name, data]) => [name, data.length])),
      stream: (name) => {
        const found = files.get(name);
        const missing = new ApiError(404, "no-stream", `${name} is not here.`);
        return found ? Promise.resolve(found) : Promise.reject(missing);
      },
      timeline: reports.timeline,
      told: readLogs(logs.flatMap((name) => files.get(name) ?? [])),
      away: () => Promise.resolve(reports.away),
      known: () => Promise.resolve(reports.evidence.stretches),
      hasBroker: false,
    },
  };
}
