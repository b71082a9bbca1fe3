// How one value of a layer is computed, with its numbers.

import { say } from "./settings.js";

const FUNCTIONS = { relu: (x) => Math.max(0, x), tanh: Math.tanh, sigmoid: (x) => 1 / (1 + Math.exp(-x)) };
const STRONGEST = 5; // input maps listed by name

const short = (value) => value.toFixed(2).replace(/^-0\.00$/, "0.00");

function paragraph(text, name = "") {
  const element = document.createElement("p");
  element.textContent = text;
  element.className = name;
  return element;
}

function result(text, value) {
  const element = paragraph(text, "result");
  element.dataset.value = value;
  return element;
}

function grid(title, rows) {
  const table = document.createElement("table"), caption = document.createElement("caption");
  caption.textContent = title;
  const most = Math.max(...rows.flat().map(Math.abs)) || 1;
  const body = rows.map((row) => {
    const line = document.createElement("tr");
    line.append(...row.map((value) => {
      const cell = document.createElement("td");
      cell.textContent = short(value);
      cell.style.setProperty("--share", Math.abs(value) / most);
      cell.className = value < 0 ? "less" : "more";
      return cell;
    }));
    return line;
  });
  table.append(caption, ...body);
  return table;
}

function grids(...tables) {
  const element = document.createElement("div");
  element.className = "grids";
  element.append(...tables);
  return element;
}

function item(name, value) {
  const element = document.createElement("li"), number = document.createElement("span");
  number.textContent = short(value);
  element.append(`${name} `, number);
  return element;
}

// A square of a map; beyond its edge are zeros.
const square = (rows, top, left, size) =>
  Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => rows[top + y]?.[left + x] ?? 0));

// Zeros before a side of so many pixels, as TensorFlow adds them.
function padding({ padding: kind, stride, kernel_size: size }, pixels) {
  if (kind === "valid") return 0;
  return Math.floor(Math.max(0, (Math.ceil(pixels / stride) - 1) * stride + size - pixels) / 2);
}

const times = (first, second) => first.map((row, y) => row.map((value, x) => value * second[y][x]));
const total = (rows) => rows.flat().reduce((sum, value) => sum + value, 0);

function convolution({ settings, before, kernels }, map, row, column) {
  const kernel = kernels.kernels[map], bias = kernels.biases[map];
  const top = row * settings.stride - padding(settings, before[0].length);
  const left = column * settings.stride - padding(settings, before[0][0].length);
  const parts = before.map((rows, from) => {
    const patch = square(rows, top, left, settings.kernel_size), products = times(patch, kernel[from]);
    return { from, patch, products, sum: total(products) };
  });
  const sum = parts.reduce((all, part) => all + part.sum, 0);
  const line = result(say().sum(short(sum), short(bias), short(sum + bias)), sum + bias);
  const strongest = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const { from, patch, products } = strongest[0];
  const shown = grids(grid(say().patch, patch), grid(say().kernel, kernel[from]), grid(say().products, products));
  if (parts.length === 1) return [line, shown];
  const others = strongest.slice(STRONGEST), list = document.createElement("ul");
  list.append(...strongest.slice(0, STRONGEST).map((part) => item(say().fromMap(part.from + 1), part.sum)));
  if (others.length) list.append(item(say().others(others.length), others.reduce((all, part) => all + part.sum, 0)));
  return [line, list, paragraph(say().strongest(from + 1)), shown];
}

function pooling({ settings: { kind, size }, before }, map, row, column) {
  const patch = square(before[map], row * size, column * size, size), values = patch.flat();
  const value = kind === "max" ? Math.max(...values) : total(patch) / values.length;
  return [grids(grid(say().patch, patch)), result(say().pooled[kind](short(value)), value)];
}

// Each value of an activation, from the one before.
export const activate = (kind, rows) => rows.map((row) => row.map(FUNCTIONS[kind]));

function activation({ settings: { kind }, before }, map, row, column) {
  const value = before[map][row][column], after = FUNCTIONS[kind](value);
  return [result(say().activated[kind](short(value), short(after)), after)];
}

// Elements that show how the value at a place of a layer is computed from the maps `before` it.
export function arithmetic(layer, map, row, column) {
  const unit = row * layer.maps[map][0].length + column + 1, value = layer.maps[map][row][column];
  const place = paragraph(layer.wide ? say().unitPlace(unit) : say().place(row + 1, column + 1), "place");
  if (layer.kind === "conv") return [place, ...convolution(layer, map, row, column)];
  if (layer.kind === "pool") return [place, ...pooling(layer, map, row, column)];
  if (layer.kind === "activation") return [place, ...activation(layer, map, row, column)];
  return [result(say().unit(unit, short(value)), value)];
}
