/**
 * The console: `/` lists sessions, cases and invitations, `/sessions/ID` shows one live, `/search`
 * finds what was run and printed in any.
 */

import { render } from "preact";
import { giveStylesTheNonce } from "../nonce";
import { SearchPage } from "./search";
import { SessionsPage } from "./sessions";

giveStylesTheNonce();

const page = document.getElementById("page");
const sessionId = /^\/sessions\/([^/]+)\/?$/.exec(window.location.pathname)?.[1];

if (page && window.location.pathname === "/search") {
  render(<SearchPage />, page);
} else if (page && sessionId === undefined) {
  render(<SessionsPage />, page);
} else if (page && sessionId !== undefined) {
  const { LivePage } = await import("../live/page");
  render(<LivePage id={decodeURIComponent(sessionId)} />, page);
}
