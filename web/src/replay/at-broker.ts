/** A session as the broker has it. */

import type { Session } from "../api";
import { awayReports, evidence, receipts, session, streamBytes, timeline } from "../api";
import type { Evidence } from "../evidence/checking";
import { byAge } from "../log";
import { readLogs } from "./recording";
import type { Source } from "./source";

export interface AtBroker {
  readonly session: Session;
  readonly source: Source;
}

/** What is left of a session whose streams were deleted: what was signed of it. */
export function openDeleted(id: string): Evidence {
  const signed = receipts(id);
  return {
    session: id,
    receipts: () => signed,
    streams: new Map(),
    stream: (name) => streamBytes(id, name),
  };
}

/** What the broker has of it now; streams are loaded when they are wanted. Throws ApiError. */
export async function openAtBroker(id: string): Promise<AtBroker> {
  const signed = receipts(id);
  await signed.catch(() => undefined); // a replay goes without
  const [found, moments] = await Promise.all([session(id), timeline(id)]);
  const loaded = new Map<string, ReturnType<typeof streamBytes>>();
  const stream = (name: string) => {
    const bytes = loaded.get(name) ?? streamBytes(id, name);
    loaded.set(name, bytes);
    return bytes;
  };
  const streams = new Map(found.streams.map(({ name, size }) => [name, size]));
  const logs = [...streams.keys()].filter((name) => name.endsWith(".log")).sort(byAge);
  return {
    session: found,
    source: {
      session: id,
      receipts: () => signed,
      streams,
      stream,
      timeline: moments,
      told: readLogs(await Promise.all(logs.map(stream))),
      away: awayReports,
      known: async () => (await evidence(id)).stretches,
      hasBroker: true,
    },
  };
}
