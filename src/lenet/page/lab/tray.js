// "That's wrong, it is a …": corrections fill a tray, which the Train part can learn; a server that collects keeps them, too.

import { make } from "../core/elements.js";
import { emit, lab, on, putInTray, removeFromTray } from "../core/lab.js";
import { paintImage } from "../core/paint.js";
import { imageRows } from "../core/views.js";
import { say } from "../core/words.js";
import { collect } from "./api.js";

const find = (id) => document.getElementById(id);
let collects = false;
let done = () => ""; // what became of the last correction; it stays until the next

export function tellDone(text) {
  done = text;
  find("done").textContent = done();
}

function open(wanted) {
  find("wrong-labels").hidden = !wanted;
  find("wrong-open").setAttribute("aria-expanded", String(wanted));
}

function correct(label) {
  const rows = imageRows();
  open(false);
  find("wrong-open").focus();
  putInTray(lab.image, label, lab.network.description);
  tellDone(() => (label === null ? say().keptNone : say().kept(label)));
  if (collects && label !== null) collect(rows, label).catch((error) => tellDone(() => say().notCollected(error.message)));
}

function makeLabels() {
  const names = lab.network?.description.classNames ?? [];
  const none = make("button", { type: "button", textContent: say().notADigit, onclick: () => correct(null) });
  find("wrong-labels").replaceChildren(...names.map((name) => make("button", { type: "button", textContent: name, onclick: () => correct(name) })), none);
}

function showAnswered() {
  const answered = Boolean(lab.result);
  if (!answered && document.activeElement === find("wrong-open")) find("pad").focus({ preventScroll: true });
  find("wrong-open").disabled = !answered;
  if (!answered) open(false);
}

function showTray() {
  find("tray").hidden = !lab.tray.length;
  find("tray-items").replaceChildren(...lab.tray.map(({ rows, label }, i) => {
    const canvas = document.createElement("canvas"), name = label ?? say().notADigit;
    paintImage(canvas, rows);
    const remove = () => {
      removeFromTray(i);
      (find("tray-items").children[Math.min(i, lab.tray.length - 1)]?.querySelector("button") ?? find("pad")).focus();
    };
    return make("li", {}, canvas, make("span", { textContent: name }),
      make("button", { type: "button", className: "remove", "aria-label": say().remove(name, i + 1), textContent: "×", onclick: remove }));
  }));
}

export function startTray() {
  find("wrong-open").addEventListener("click", () => open(find("wrong-labels").hidden));
  find("learn").addEventListener("click", () => emit("learn"));
  on("network", makeLabels);
  on("drawing", showAnswered);
  on("tray", showTray);
  on("language", () => {
    makeLabels();
    showTray();
    tellDone(done);
  });
}

export const showCollects = (yes) => { collects = yes; };
