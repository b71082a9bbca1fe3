// How one pixel of a feature map was computed, with its numbers.

import { say } from "./settings.js";

const short = (value) => value.toFixed(2).replace(/^-0\.00$/, "0.00");

function paragraph(text, name = "") {
  const element = document.createElement("p");
  element.textContent = text;
  element.className = name;
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

// The square that a kernel sees at a place; beyond the edge there is nothing, 0.
function patchOf(rows, row, column, size) {
  const before = Math.floor((size - 1) / 2);
  return Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => rows[row + y - before]?.[column + x - before] ?? 0));
}

const times = (first, second) => first.map((row, y) => row.map((value, x) => value * second[y][x]));
const total = (rows) => rows.flat().reduce((sum, value) => sum + value, 0);

function convolution({ layer, map, row, column, before, filters }) {
  const kernel = filters[layer].kernels[map], bias = filters[layer].biases[map];
  const parts = before.map((rows, from) => {
    const patch = patchOf(rows, row, column, kernel[from].length), products = times(patch, kernel[from]);
    return { from, patch, products, sum: total(products) };
  });
  const sum = parts.reduce((all, part) => all + part.sum, 0);
  const line = paragraph(say().sum(short(sum), short(bias), short(sum + bias)), "result");
  line.dataset.value = sum + bias;
  const strongest = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const { from, patch, products } = strongest[0];
  const shown = grids(grid(say().patch, patch), grid(say().kernel, kernel[from]), grid(say().products, products));
  if (parts.length === 1) return [line, shown];
  const rest = strongest.slice(5).reduce((all, part) => all + part.sum, 0);
  const list = document.createElement("ul");
  list.append(...strongest.slice(0, 5).map((part) => item(say().fromMap(part.from + 1), part.sum)));
  if (parts.length > 5) list.append(item(say().others(parts.length - 5), rest));
  return [line, list, paragraph(say().strongest(from + 1)), shown];
}

function item(name, value) {
  const element = document.createElement("li"), number = document.createElement("span");
  number.textContent = short(value);
  element.append(`${name} `, number);
  return element;
}

function pooling({ map, row, column, before }) {
  const square = [0, 1].map((y) => [0, 1].map((x) => before[map][2 * row + y][2 * column + x]));
  const line = paragraph(say().pool(short(Math.max(...square.flat()))), "result");
  line.dataset.value = Math.max(...square.flat());
  return [grids(grid(say().patch, square)), line];
}

function rectified({ map, row, column, before }) {
  const value = before[map][row][column], line = paragraph(say().relu(short(value), short(Math.max(0, value))), "result");
  line.dataset.value = Math.max(0, value);
  return [line];
}

// Elements that tell how `maps[map][row][column]` of a layer came about from the maps `before` it.
export function arithmetic(asked) {
  const { layer, map, row, column, maps } = asked;
  const place = paragraph(say().place(row + 1, column + 1), "place");
  if (layer.startsWith("conv")) return [place, ...convolution(asked)];
  if (layer.startsWith("pool")) return [place, ...pooling(asked)];
  if (layer.startsWith("relu")) return [place, ...rectified(asked)];
  return [paragraph(say().unit(row * maps[map][0].length + column + 1, short(maps[map][row][column])), "result")];
}
