/** `/sessions/ID/replay`. A page of its own: the player needs WebAssembly, the console must not. */

import { render } from "preact";
import { ReplayPage } from "../replay/page";

const page = document.getElementById("page");
const id = /^\/sessions\/([^/]+)\/replay\/?$/.exec(window.location.pathname)?.[1];
if (page && id !== undefined) render(<ReplayPage id={decodeURIComponent(id)} />, page);
