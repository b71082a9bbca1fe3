// Signs of one's own: each has a name and drawings. A drawing is added when the pen has rested for a second, or with Enter.

import { make } from "../../core/elements.js";
import { emit, lab, on } from "../../core/lab.js";
import { frame } from "../../core/ink.js";
import { clear, drawing } from "../../core/pad.js";
import { paintImage, rowsOf } from "../../core/paint.js";
import { button, said, whenSpoken, words } from "./elements.js";

const REST = 1000; // milliseconds after a stroke
const FEWEST = 5; // drawings of a sign
const FORM = { height: 28, width: 28, depth: 1, framing: "mark" };

const signs = []; // { name, drawings: [rows] }
let current = null; // the sign that drawings are added to
let byPointer = false;
let resting = null;
const list = make("ul", { className: "sign-list" });
const advice = make("p", { role: "status" });

export const drawn = () => signs.flatMap(({ name, drawings }) => drawings.map((image) => ({ image, label: name })));
export const signCount = () => signs.length;
export const signsReady = () => signs.length >= 2 && signs.every(({ drawings }) => drawings.length >= FEWEST);

// Drawings are not added any more: they are tried.
export function endCollecting() {
  current = null;
  clearTimeout(resting);
  show();
}

function thumbnail(sign, index) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  paintImage(canvas, sign.drawings[index]);
  return make("button", {
    type: "button", className: "thumbnail", "aria-label": words().removeDrawing(sign.name, index + 1), title: words().removeDrawing(sign.name, index + 1),
    onclick: () => {
      sign.drawings.splice(index, 1);
      changed();
      (list.children[signs.indexOf(sign)].querySelectorAll(".thumbnail")[index] ?? list.children[signs.indexOf(sign)].querySelector("button")).focus();
    },
  }, canvas);
}

function row(sign) {
  const say = words();
  return make("li", {},
    make("button", {
      type: "button", className: "sign-name", "aria-pressed": String(sign === current), onclick: () => {
        current = sign === current ? null : sign;
        changed();
        list.children[signs.indexOf(sign)].querySelector("button").focus();
      },
    }, make("strong", { textContent: sign.name }), make("span", { textContent: say.drawings(sign.drawings.length) })),
    make("span", { className: "thumbnails" }, ...sign.drawings.map((_, i) => thumbnail(sign, i))),
    make("button", {
      type: "button", className: "delete", textContent: "×", "aria-label": say.removeSign(sign.name), title: say.removeSign(sign.name), onclick: () => {
        signs.splice(signs.indexOf(sign), 1);
        if (sign === current) current = null;
        changed();
        document.getElementById("sign-name").focus();
      },
    }));
}

function show() {
  list.replaceChildren(...signs.map(row));
  const say = words(), next = signs.length ? say.chooseSign : say.signsHelp;
  advice.textContent = current ? say.drawNow(current.name, current.drawings.length) : next;
}

function changed() {
  show();
  emit("setup");
}

function addDrawing() {
  clearTimeout(resting);
  if (!current || !lab.ink || drawing()) return;
  const { image } = frame(lab.ink, FORM);
  if (!image) return;
  current.drawings.push(rowsOf(image, FORM.width));
  clear();
  changed();
}

function addSign(event) {
  event.preventDefault();
  const field = document.getElementById("sign-name"), name = field.value.trim();
  if (!name) return;
  current = signs.find((sign) => sign.name === name);
  if (!current) signs.push(current = { name, drawings: [] });
  field.value = "";
  clear();
  changed();
  document.getElementById("pad").focus({ preventScroll: true });
}

function listen(isOn) {
  const pad = document.getElementById("pad");
  pad.addEventListener("pointerdown", () => { byPointer = true; });
  pad.addEventListener("keydown", (event) => {
    byPointer = false;
    if (event.key === "Enter" && isOn()) addDrawing();
  });
  on("drawing", () => {
    clearTimeout(resting);
    if (current && isOn() && byPointer) resting = setTimeout(addDrawing, REST);
  });
}

// `isOn()` says whether drawings are signs now.
export function startSigns(isOn) {
  listen(isOn);
  whenSpoken(show);
  const name = make("input", { id: "sign-name", maxLength: 20, autocomplete: "off", required: true });
  return make("div", { className: "signs" },
    advice,
    make("form", { className: "add-sign", onsubmit: addSign },
      make("label", { className: "field" }, said("span", (say) => say.signName), name), button((say) => say.addSign, () => {}, { type: "submit" })),
    list);
}
