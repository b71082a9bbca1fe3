// The corrected drawings, which can be learnt.

import { make } from "../../core/elements.js";
import { lab, on, removeFromTray } from "../../core/lab.js";
import { paintImage } from "../../core/paint.js";
import { said, whenSpoken, words } from "./elements.js";

const list = make("ul", { className: "tray" });

export const corrected = () => lab.tray.map(({ rows, label }) => ({ image: rows, label }));

function show() {
  list.replaceChildren(...lab.tray.map(({ rows, label }, i) => {
    const canvas = make("canvas", { "aria-hidden": "true" }), name = words().removeCorrection(label);
    paintImage(canvas, rows);
    const remove = () => {
      removeFromTray(i);
      (list.children[Math.min(i, list.children.length - 1)]?.querySelector("button") ?? list.closest("[role=tabpanel]")).focus();
    };
    return make("li", {}, make("button", { type: "button", className: "thumbnail", "aria-label": name, title: name, onclick: remove }, canvas),
      make("span", { textContent: label ?? words().noDigit }));
  }));
}

export function startCorrections() {
  on("tray", show);
  whenSpoken(show);
  return make("div", { className: "corrections" }, said("p", (say) => say.correctionsHelp, { className: "quiet" }), list);
}
