/** The broker's HTTP API, typed. Answers are checked; times are Unix seconds. */

import { driftShape, reportsShape } from "./away";
import { knownShape } from "./evidence/known";
import { presenceShape } from "./presence";
import { foundShape } from "./search";
import type { Of, Shape } from "./shape";
import { BadShape, flag, list, maybe, number, object, oneOf, optional, text } from "./shape";

const caseRef = object({ id: text, title: text });
const account = object({ user: text });

export const sessionShape = object({
  id: text,
  case: caseRef,
  engineer: text,
  host: object({ name: text, user: text }),
  mode: text,
  standing: oneOf("live", "taken-back", "expired", "revoked"),
  away: text,
  until: number,
  created: number,
  ended: maybe(number),
  recorder: maybe(account),
  shell: maybe(account),
  protected: maybe(flag),
  presence: presenceShape,
  viewers: list(text),
  streams: list(object({ name: text, size: number })),
  /** When its bundle was taken in, where it came in one; customers are not told. */
  imported: optional(maybe(number)),
  /** To whom it is encrypted at the broker; empty: to nobody. */
  sealed: optional(list(text)),
  deleted: optional(maybe(object({ at: number, by: text, why: text }))),
  /** That nobody deletes it; customers are not told. */
  kept: optional(maybe(object({ since: number, by: text, why: text }))),
});
export type Session = Of<typeof sessionShape>;

const caseShape = object({ id: text, title: text, created: number });
export type Case = Of<typeof caseShape>;

const invitationShape = object({
  id: text,
  case: caseRef,
  engineer: text,
  created: number,
  expires: number,
});
export type Invitation = Of<typeof invitationShape>;

const newInvitationShape = object({ id: text, code: text, line: text, expires: number });
export type NewInvitation = Of<typeof newInvitationShape>;

export const timelineShape = object({
  last: number,
  moments: list(object({ t: number, kind: text, label: text })),
  stretches: list(object({ kind: text, since: number, until: maybe(number), label: text })),
});
/** Times in a timeline are seconds since the session began. */
export type Timeline = Of<typeof timelineShape>;
export type Moment = Timeline["moments"][number];
export type Stretch = Timeline["stretches"][number];

/** The broker said no, or could not be asked. The message is for people. */
export class ApiError extends Error {
  /** `status` is 0 where the broker could not be reached. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }

  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

const errorShape = object({ error: object({ code: text, message: text }) });

/** Ask the broker. Throws ApiError for a refusal, an unreachable broker and a strange answer. */
export async function ask<T>(path: string, shape: Shape<T>, body?: object): Promise<T> {
  const response = await reach(path, body);
  try {
    const answer: unknown = response.status === 204 ? {} : await response.json();
    if (response.ok) return shape(answer);
    const { error } = errorShape(answer);
    throw new ApiError(response.status, error.code, error.message);
  } catch (problem) {
    if (problem instanceof ApiError) throw problem;
    const why = problem instanceof BadShape ? problem.message : "not JSON";
    throw new ApiError(
      response.status,
      "strange-answer",
      `The broker's answer makes no sense: ${why}`,
    );
  }
}

async function reach(path: string, body?: object): Promise<Response> {
  const request: RequestInit = body
    ? {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json" },
      }
    : {};
  try {
    return await fetch(path, request);
  } catch {
    throw new ApiError(0, "unreachable", "The broker can't be reached.");
  }
}

export const me = () => ask("/api/me", object({ name: text }));
export const signOut = () => ask("/api/sign-out", object({}), {});

export const cases = () => ask("/api/cases", list(caseShape));
export const createCase = (title: string) => ask("/api/cases", caseShape, { title });

export const invitations = () => ask("/api/invitations", list(invitationShape));
export const invite = (caseId: string, minutes: number) =>
  ask("/api/invitations", newInvitationShape, { case: caseId, minutes });

export const session = (id: string) => ask(`/api/sessions/${encodeURIComponent(id)}`, sessionShape);
export const timeline = (id: string) =>
  ask(`/api/sessions/${encodeURIComponent(id)}/timeline`, timelineShape);

/** The away reports of a session so far. */
export const awayReports = (id: string) =>
  ask(`/api/sessions/${encodeURIComponent(id)}/away`, reportsShape);

const outputShape = object({ text, cut: flag });
/** What a command printed; `cut`: only the newest of it. */
export type Output = Of<typeof outputShape>;

export const commandOutput = (id: string, command: string) =>
  ask(
    `/api/sessions/${encodeURIComponent(id)}/commands/${encodeURIComponent(command)}/output`,
    outputShape,
  );

/** How the host differs between two fingerprints; null: the first and the last. */
export const driftBetween = (id: string, chosen: { from: number; to: number } | null) => {
  const query = chosen === null ? "" : `?from=${chosen.from}&to=${chosen.to}`;
  return ask(`/api/sessions/${encodeURIComponent(id)}/drift${query}`, driftShape);
};

/** Search all sessions: `query` as in an address, `before` the `next` of the page before. */
export const search = (query: string, before: string | null) =>
  ask(
    `/api/search${query}${before === null ? "" : `&before=${encodeURIComponent(before)}`}`,
    foundShape,
  );

/** Where the bytes of a stream are; `as` and `download` as the API has them. */
export function streamUrl(id: string, name: string, want: "" | "download" | "v3" = ""): string {
  const query = { "": "", download: "?download", v3: "?as=v3&download" }[want];
  return `/api/sessions/${encodeURIComponent(id)}/streams/${encodeURIComponent(name)}${query}`;
}

/** The bytes of a stream, as far as it is held. Throws ApiError. */
export const streamBytes = (id: string, name: string) => bytes(streamUrl(id, name), name);

/** What the broker has signed for of a session. Throws ApiError. */
export const receipts = (id: string) => bytes(receiptsUrl(id), "What the broker signed");

export function receiptsUrl(id: string): string {
  return `/api/sessions/${encodeURIComponent(id)}/receipts`;
}

async function bytes(path: string, what: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await reach(path);
  try {
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    const { error } = errorShape(await response.json());
    throw new ApiError(response.status, error.code, error.message);
  } catch (problem) {
    if (problem instanceof ApiError) throw problem;
    throw new ApiError(response.status, "not-loaded", `${what} could not be loaded.`);
  }
}

/** The keys that the broker signs, or has signed, with. */
export const keys = () => ask("/api/keys", object({ keys: list(object({ key: text })) }));

/** How each stretch of a session came to be known. */
export const evidence = (id: string) =>
  ask(
    `/api/sessions/${encodeURIComponent(id)}/evidence`,
    object({ stretches: list(knownShape) }),
  );
