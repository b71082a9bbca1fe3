// What the stages are made of: pictures of maps, tables of numbers, buttons.

import { say } from "../words.js";
import { paintMap, paintPicture, paintRows } from "./paint.js";
import { highest, indexOf, placeOf } from "./values.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const MOST_NUMBERS = 7; // a larger square is shown without its numbers

export const number = (value, digits = 2) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

// An element; properties that it does not have become attributes. Falsy children are left out.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

export const button = (key, properties, ...children) => make("button", { type: "button", "data-key": key, ...properties }, ...children);

// A sentence with a value, which is kept in full for those who look it up.
export const result = (text, value) => make("p", { className: "result", "data-value": value, textContent: text });

export function setLength(element, name, share) {
  element.style.setProperty(name, share);
  return element;
}

function frame({ row, column, size = 1, kind }, { rows, columns }) {
  const element = make("span", { className: `frame ${kind}` });
  for (const [side, share] of [["left", column / columns], ["top", row / rows], ["width", size / columns], ["height", size / rows]]) {
    element.style.setProperty(side, `${share * 100}%`);
  }
  return element;
}

export function drawn(maps, map, { picture = false, channel = null, filled } = {}) {
  const canvas = make("canvas");
  if (picture) paintPicture(canvas, maps, channel);
  else paintMap(canvas, maps, map, filled);
  return canvas;
}

// A large map: a canvas with frames around some of its places.
export function still(label, maps, canvas, frames = []) {
  return make("div", { className: "map", role: "img", "aria-label": label }, canvas, ...frames.map((it) => frame(it, maps)));
}

// The same, in which a click or the arrow keys choose a place.
export function choosable(label, maps, canvas, place, pin) {
  const element = make("div", { className: "map choosable", role: "application", tabIndex: 0, "data-key": "map", "aria-label": label },
    canvas, frame({ ...place, kind: "place" }, maps));
  const take = (row, column) => {
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    const index = indexOf(maps, { map: place.map, row: within(row, maps.rows), column: within(column, maps.columns) });
    pin(placeOf(maps, Math.min(index, maps.values.length - 1)));
  };
  element.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    take(Math.floor((event.clientY - box.top) / box.height * maps.rows), Math.floor((event.clientX - box.left) / box.width * maps.columns));
  });
  element.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    take(place.row + step[0], place.column + step[1]);
  });
  return element;
}

export const titled = (title, ...content) => make("div", { className: "part" }, make("h4", { textContent: title }), ...content);

// A square of numbers: `cells` are rows of { value, text, name }; the text may have several lines.
export function table(caption, cells) {
  const most = highest(cells.flat().map(({ value }) => value));
  const element = make("table", { className: cells.length > MOST_NUMBERS ? "numbers dense" : "numbers" }, make("caption", { textContent: caption }));
  element.append(...cells.map((row) => make("tr", {}, ...row.map(({ value, text, name = "" }) => {
    const cell = make("td", { className: `${value < 0 ? "less" : "more"} ${name}` }, ...text.map((line) => make("span", { textContent: line })));
    return setLength(cell, "--share", Math.abs(value) / most);
  }))));
  return element;
}

export function tile(label, rows) {
  const canvas = make("canvas", { role: "img", "aria-label": label });
  paintRows(canvas, rows, highest(rows.flat()));
  return make("figure", {}, canvas, make("figcaption", { textContent: label, "aria-hidden": "true" }));
}

// A bar to the right for what pushes up, to the left for what pushes down.
export const push = (value, most) => setLength(make("span", { className: value < 0 ? "push less" : "push more" }), "--share", Math.abs(value) / most);

// Arrow keys move the focus among the buttons of a group; Tab leaves it.
export function group(label, buttons, current = 0) {
  const element = make("div", { className: "group", role: "group", "aria-label": label }, ...buttons);
  buttons.forEach((it, i) => { it.tabIndex = i === Math.max(0, current) ? 0 : -1; });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons[buttons.indexOf(document.activeElement) + step];
    if (!next) return;
    buttons.forEach((it) => { it.tabIndex = it === next ? 0 : -1; });
    next.focus();
  });
  return element;
}

// "map 3", "red", "unit 7": what a map of an output is called.
export function mapName({ kind }, maps, map) {
  const { inside } = say();
  if (kind === "picture") return maps.count === 3 ? inside.colours[map] : inside.picture;
  return inside.map(map + 1);
}
