// The curve of an activation, with the present value on it.

import { make } from "../elements.js";
import { number } from "./parts.js";
import { apply } from "./values.js";

const WIDE = 240, HIGH = 180; // of the drawing

function shape(tag, attributes, words = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = words;
  return element;
}

const line = (x1, y1, x2, y2, name) => shape("line", { x1, y1, x2, y2, class: name });

// The value before and after; the axes reach as far as it needs.
export function curve(kind, before, after) {
  const reach = Math.max(4, Math.ceil(Math.abs(before) * 1.15)), top = kind === "relu" ? reach : 1.2;
  const low = kind === "tanh" ? -top : -0.25 * top;
  const x = (value) => (value + reach) / (2 * reach) * WIDE, y = (value) => (top - value) / (top - low) * HIGH;
  const points = Array.from({ length: 121 }, (_, i) => (i / 60 - 1) * reach).map((value) => [x(value), y(apply(kind, value))]);
  const label = (words, left, height, anchor) => shape("text", { x: left, y: height, "text-anchor": anchor }, words);
  const drawing = shape("svg", { viewBox: `-8 -8 ${WIDE + 16} ${HIGH + 16}`, class: "curve", "aria-hidden": "true" });
  drawing.append(
    line(0, y(0), WIDE, y(0), "axis"), line(x(0), 0, x(0), HIGH, "axis"),
    line(x(before), y(0), x(before), y(after), "way"), line(x(before), y(after), x(0), y(after), "way"),
    shape("polyline", { points: points.map((point) => point.map((value) => value.toFixed(1)).join(",")).join(" "), class: "line" }),
    shape("circle", { cx: x(before), cy: y(after), r: 6, class: "dot" }),
    label(number(before), x(before), y(0) + (after < 0 ? -8 : 18), "middle"),
    label(number(after), x(0) + (before < 0 ? 8 : -8), y(after) + 5, before < 0 ? "start" : "end"),
  );
  return make("div", {}, drawing);
}
