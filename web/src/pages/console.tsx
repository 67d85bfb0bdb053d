/** The console: `/` lists sessions, cases and invitations, `/sessions/ID` shows one live. */

import { render } from "preact";
import { giveStylesTheNonce } from "../nonce";
import { SessionsPage } from "./sessions";

giveStylesTheNonce();

const page = document.getElementById("page");
const sessionId = /^\/sessions\/([^/]+)\/?$/.exec(window.location.pathname)?.[1];

if (page && sessionId === undefined) {
  render(<SessionsPage />, page);
} else if (page && sessionId !== undefined) {
  const { LivePage } = await import("../live/page");
  render(<LivePage id={decodeURIComponent(sessionId)} />, page);
}
