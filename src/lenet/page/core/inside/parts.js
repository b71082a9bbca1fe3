// What the stages are made of: pictures of maps, tables of numbers, buttons.

import { make, reach, rove } from "../elements.js";
import { paintImage, paintSigned } from "../paint.js";
import { say } from "../words.js";
import { highest, indexOf, placeOf } from "./values.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const FEW = 3, MOST = 7; // numbers a side of a square: up to which they are large, and from which they are left out

export const number = (value) => value.toFixed(2).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

export const text = (tag, words, properties = {}) => make(tag, { textContent: words, ...properties });
export const quiet = (words) => text("p", words, { className: "quiet" });
export const titled = (title, ...content) => make("div", { className: "part" }, text("h4", title), ...content.filter(Boolean));

// `key` names the button, so that it keeps the focus when it is made anew.
export const button = (key, properties, ...children) =>
  make("button", { type: "button", "data-key": key, ...properties }, ...children);

// What a computation gives; the value is kept in full for those who look it up.
export const result = (words, value) => text("p", words, { className: "outcome", "data-value": value });

// A sum of named terms { value, name }: each above its name, after the sign that joins it to the one before.
export function equation(terms, total) {
  const term = (value, name) => make("span", { className: "term" }, text("b", number(value)), text("small", name));
  const parts = terms.flatMap(({ value, name }, i) =>
    (i === 0 ? [term(value, name)] : [text("span", value < 0 ? "−" : "+"), term(Math.abs(value), name)]));
  return make("p", { className: "outcome", "data-value": total.value }, ...parts, text("span", "="), term(total.value, total.name));
}

// A number for the style sheet.
export function styled(element, name, value) {
  element.style.setProperty(name, value);
  return element;
}

// A bar to the right for what pushes up, to the left for what pushes down.
export const push = (value, most) =>
  styled(make("span", { className: value < 0 ? "push less" : "push more" }), "--share", Math.abs(value) / most);

// A map on the scale of all its layer's, only its first `filled` numbers; or the picture, in colour or one channel in grey.
export function drawn(maps, map, { picture = false, channel = null, filled = Infinity } = {}) {
  const canvas = make("canvas"), light = (which, row, column) => maps.at(which, row, column) * 255;
  const rows = (valueAt) => Array.from({ length: maps.rows }, (_, row) =>
    Array.from({ length: maps.columns }, (_, column) => valueAt(row, column)));
  if (!picture) {
    const known = (row, column) => row * maps.columns + column < filled;
    paintSigned(canvas, rows((row, column) => (known(row, column) ? maps.at(map, row, column) : undefined)), maps.most);
  } else if (channel === null && maps.count === 3) {
    paintImage(canvas, rows((row, column) => [0, 1, 2].map((which) => light(which, row, column))));
  } else paintImage(canvas, rows((row, column) => light(channel ?? 0, row, column)));
  return canvas;
}

function spot({ row, column, size = 1, kind }, { rows, columns }) {
  const element = make("span", { className: `spot ${kind}` });
  const shares = { left: column / columns, top: row / rows, width: size / columns, height: size / rows };
  for (const [side, share] of Object.entries(shares)) element.style.setProperty(side, `${share * 100}%`);
  return element;
}

const framed = (maps, properties, canvas, spots) => styled(
  make("div", { className: "map", ...properties }, canvas, ...spots.map((it) => spot(it, maps))),
  "--aspect", maps.columns / maps.rows,
);

// A large map: a canvas with frames, { row, column, size, kind }, around some of its places.
export const still = (label, maps, canvas, spots = []) => framed(maps, { role: "img", "aria-label": label }, canvas, spots);

// The same, in which a click or the arrow keys choose a place.
export function choosable(label, maps, canvas, place, pin) {
  const properties = { className: "map choosable", role: "application", tabIndex: 0, "data-key": "map", "aria-label": label };
  const element = framed(maps, properties, canvas, [{ ...place, kind: "place" }]);
  const take = (row, column) => {
    const within = (value, count) => Math.min(count - 1, Math.max(0, value));
    const index = indexOf(maps, { map: place.map, row: within(row, maps.rows), column: within(column, maps.columns) });
    pin(placeOf(maps, Math.min(index, maps.values.length - 1))); // the last row may be shorter
  };
  element.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const down = (event.clientY - box.top) / box.height, across = (event.clientX - box.left) / box.width;
    take(Math.floor(down * maps.rows), Math.floor(across * maps.columns));
  });
  element.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!step) return;
    event.preventDefault();
    take(place.row + step[0], place.column + step[1]);
  });
  return element;
}

function cell({ value, lines, name = "", grey = null }, most) {
  const element = make("td", { className: `${value < 0 ? "less" : "more"} ${name}` }, ...lines.map((line) => text("span", line)));
  if (grey !== null) {
    element.style.backgroundColor = `rgb(${grey} ${grey} ${grey})`;
    element.style.color = grey > 117 ? "#000" : "#fff"; // the higher contrast
  }
  return styled(element, "--share", Math.abs(value) / most);
}

// A square of numbers: `cells` are rows of { value, lines, name, grey }: `lines` of text, and `grey`, 0 to 255, for cells
// that look like pixels.
export function table(caption, cells) {
  const most = highest(cells.flat().map(({ value }) => value));
  const size = cells.length > MOST ? "dense" : cells.length <= FEW ? "few" : "";
  const rows = cells.map((row) => make("tr", {}, ...row.map((it) => cell(it, most))));
  return make("table", { className: `numbers ${size}` }, text("caption", caption), ...rows);
}

export function tile(label, rows) {
  const canvas = make("canvas", { role: "img", "aria-label": label });
  paintSigned(canvas, rows, highest(rows.flat()));
  return make("figure", {}, canvas, text("figcaption", label, { "aria-hidden": "true" }));
}

// Buttons of which Tab reaches one, at first the `current`, and arrow keys the others.
export function group(label, buttons, current) {
  const element = make("div", { className: "group", role: "group", "aria-label": label }, ...buttons);
  reach(element, Math.max(0, current));
  rove(element);
  return element;
}

// "map 3" or "red": what a map of an output is called.
export function mapName({ kind }, maps, map) {
  const { inside } = say();
  if (kind === "picture") return maps.count === 3 ? inside.colours[map] : inside.picture;
  return inside.map(map + 1);
}
