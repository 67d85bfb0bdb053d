/** Opens the page at the broker: with the view token, and nothing else that the link holds. */

import type { ApiError, Session } from "../api";
import { ask, sessionShape } from "../api";
import type { Reports } from "../away";
import { reportsShape } from "../away";
import { object } from "../shape";

/** Sign this browser in to one session's page. Throws ApiError. */
export async function signIn(session: string, viewToken: string): Promise<void> {
  await ask("/api/customer/sign-in", object({}), { session, token: viewToken });
}

/** The session's summary, for whoever is signed in to its page. Throws ApiError. */
export function summary(session: string): Promise<Session> {
  return ask(`/api/customer/sessions/${encodeURIComponent(session)}`, sessionShape);
}

/** The session's away reports, likewise. Throws ApiError. */
export function reports(session: string): Promise<Reports> {
  return ask(`/api/customer/sessions/${encodeURIComponent(session)}/away`, reportsShape);
}

/** What went wrong, for whoever opened the link, and what they can do. */
export function explain(error: ApiError): { title: string; more: string } {
  if (error.status === 0)
    return {
      title: "The broker can't be reached.",
      more: "This page tries again by itself. The session at the terminal is not affected.",
    };
  if (error.status === 429)
    return { title: "Too many tries.", more: "This page tries again by itself in a while." };
  if (error.status >= 400 && error.status < 500)
    return {
      title: "This link opens no session.",
      more: "It is not whole, or its session is not kept any more. On the host, jumpseat status shows the link again.",
    };
  return { title: "The broker could not open the session.", more: error.message };
}

/** Whether another try, later, may do better. */
export function isPassing(error: ApiError): boolean {
  return error.status === 0 || error.status === 429 || error.status >= 500;
}
