// One state of the connection to the server: when it is lost, the page says so, asks again, and tells when it is back.

import { emit } from "../core/lab.js";
import { say } from "../core/words.js";

const AGAIN = 1000; // milliseconds between tries
const notice = document.getElementById("notice");
let waiting = null;

export function tell(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

const isThere = () => fetch("livez", { cache: "no-store" }).then(({ ok }) => ok, () => false);

export function found() {
  if (!waiting) return;
  clearTimeout(waiting);
  waiting = null;
  delete document.body.dataset.connection;
  tell("");
  emit("connection");
}

async function tryAgain() {
  if (await isThere()) found();
  else waiting = setTimeout(tryAgain, AGAIN);
}

export function lost() {
  document.body.dataset.connection = "lost";
  tell(say().lost);
  waiting ??= setTimeout(tryAgain, AGAIN);
}
