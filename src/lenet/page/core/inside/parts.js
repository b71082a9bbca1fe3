// What the stages are made of: pictures of maps, tables of numbers, buttons.

import { make, reach, rove } from "../elements.js";
import { say } from "../words.js";
import { paintMap, paintPicture, paintRows } from "./paint.js";
import { highest, indexOf, placeOf } from "./values.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const FEW = 3, MOST = 7; // numbers a side of a square: up to which they are large, and from which they are left out

export const number = (value, digits = 2) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");

export const button = (key, properties, ...children) => make("button", { type: "button", "data-key": key, ...properties }, ...children);

// What a computation gives; the value is kept in full for those who look it up.
export const result = (text, value) => make("p", { className: "outcome", "data-value": value, textContent: text });

// A sum of named terms { value, name }: each above its name, after the sign that joins it to the one before.
export function equation(terms, total) {
  const term = ({ value, name }, sign, shown = value) => [sign, make("span", { className: "term" }, make("b", { textContent: number(shown) }), make("small", { textContent: name }))];
  const sum = terms.flatMap((it, i) => (i === 0 ? term(it, "") : term(it, it.value < 0 ? "−" : "+", Math.abs(it.value))));
  return make("p", { className: "outcome", "data-value": total.value }, ...sum, ...term(total, "="));
}

// A number for the style sheet.
export function styled(element, name, value) {
  element.style.setProperty(name, value);
  return element;
}

function spot({ row, column, size = 1, kind }, { rows, columns }) {
  const element = make("span", { className: `spot ${kind}` });
  for (const [side, share] of [["left", column / columns], ["top", row / rows], ["width", size / columns], ["height", size / rows]]) {
    element.style.setProperty(side, `${share * 100}%`);
  }
  return element;
}

const aspect = ({ rows, columns }) => columns / rows;

export function drawn(maps, map, { picture = false, channel = null, filled } = {}) {
  const canvas = make("canvas");
  if (picture) paintPicture(canvas, maps, channel);
  else paintMap(canvas, maps, map, filled);
  return canvas;
}

// A large map: a canvas with frames around some of its places.
export function still(label, maps, canvas, frames = []) {
  return styled(make("div", { className: "map", role: "img", "aria-label": label }, canvas, ...frames.map((it) => spot(it, maps))), "--aspect", aspect(maps));
}

// The same, in which a click or the arrow keys choose a place.
export function choosable(label, maps, canvas, place, pin) {
  const element = make("div", { className: "map choosable", role: "application", tabIndex: 0, "data-key": "map", "aria-label": label },
    canvas, spot({ ...place, kind: "place" }, maps));
  styled(element, "--aspect", aspect(maps));
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

export const titled = (title, ...content) => make("div", { className: "part" }, make("h4", { textContent: title }), ...content.filter(Boolean));

// A square of numbers: `cells` are rows of { value, text, name, grey }; the text may have several lines, and `grey`, 0 to
// 255, is for cells that look like pixels.
export function table(caption, cells) {
  const most = highest(cells.flat().map(({ value }) => value));
  const element = make("table", { className: `numbers ${cells.length > MOST ? "dense" : ""}${cells.length <= FEW ? "few" : ""}` }, make("caption", { textContent: caption }));
  element.append(...cells.map((row) => make("tr", {}, ...row.map(({ value, text, name = "", grey = null }) => {
    const cell = make("td", { className: `${value < 0 ? "less" : "more"} ${name}` }, ...text.map((line) => make("span", { textContent: line })));
    if (grey !== null) {
      cell.style.backgroundColor = `rgb(${grey} ${grey} ${grey})`;
      cell.style.color = grey > 117 ? "#000" : "#fff"; // the higher contrast
    }
    return styled(cell, "--share", Math.abs(value) / most);
  }))));
  return element;
}

export function tile(label, rows) {
  const canvas = make("canvas", { role: "img", "aria-label": label });
  paintRows(canvas, rows, highest(rows.flat()));
  return make("figure", {}, canvas, make("figcaption", { textContent: label, "aria-hidden": "true" }));
}

// A bar to the right for what pushes up, to the left for what pushes down.
export const push = (value, most) => styled(make("span", { className: value < 0 ? "push less" : "push more" }), "--share", Math.abs(value) / most);

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
