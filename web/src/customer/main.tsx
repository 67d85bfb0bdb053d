/** `/customer/ID#KEY`: the customer's page. It is public, and built apart from the console. */

import { render } from "preact";
import { giveStylesTheNonce } from "../nonce";
import { CustomerPage } from "./page";

giveStylesTheNonce();

const page = document.getElementById("page");
const session = /^\/customer\/([^/]+)\/?$/.exec(window.location.pathname)?.[1];

// The key stays in the address: the link is the customer's to keep, and is kept nowhere else.
// Another link pasted into this tab may change nothing but the key.
function show(): void {
  if (page && session !== undefined)
    render(
      <CustomerPage
        key={window.location.hash}
        session={decodeURIComponent(session)}
        fragment={window.location.hash}
      />,
      page,
    );
}

window.addEventListener("hashchange", show);
show();
