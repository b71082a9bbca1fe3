// The stages that show maps: each gives three parts, what comes in, how one number is computed, what goes out.

import { make } from "../elements.js";
import { count, say } from "../words.js";
import { curve } from "./curve.js";
import { button, choosable, drawn, equation, group, mapName, number, quiet, result, still, table, text, tile, titled } from "./parts.js";
import { apply, indexOf, patchOf, placeOf, productsOf, sumOf, windowOf } from "./values.js";

const SOURCES = 4; // input maps that are listed
const SEEN = 7; // pixels a side of the piece of the picture that is shown in numbers

function fullName(stage, maps, map) {
  const { inside } = say(), title = inside.title(stage), single = stage.kind === "picture" && maps.count === 1;
  return maps.flat || single ? title : inside.of(title, mapName(stage, maps, map));
}

// Where a number is: a row and a column, or a unit.
export function placeName({ kind }, maps, place) {
  const { inside } = say();
  if (!maps.flat) return inside.place(place.row + 1, place.column + 1);
  return inside[kind === "flatten" ? "position" : "unit"](count(indexOf(maps, place) + 1));
}

const valueAt = (maps, { map, row, column }) => maps.at(map, row, column);

// What goes out: the map with the chosen place, where another can be chosen.
export function after({ stage, maps, place, filled, pin }) {
  const { inside } = say(), name = fullName(stage, maps, place.map);
  const said = inside.valueAt(placeName(stage, maps, place), number(valueAt(maps, place)));
  const canvas = drawn(maps, place.map, { picture: stage.kind === "picture", filled });
  return titled(name, choosable(`${name}, ${said}. ${inside.choose}`, maps, canvas, place, pin), text("p", said, { className: "value" }));
}

// What comes in: one of the maps of the layer before.
function before({ stages, outputs, index }, map, spots, ...more) {
  const stage = stages[index - 1], maps = outputs[index - 1], name = fullName(stage, maps, map);
  const canvas = drawn(maps, map, { picture: stage.kind === "picture", channel: map });
  return titled(name, still(name, maps, canvas, spots), ...more);
}

export function picture(c) {
  const { maps, place, image, stage } = c, { inside } = say(), size = Math.min(SEEN, maps.rows, maps.columns);
  const within = (value, all) => Math.min(all - size, Math.max(0, value - Math.floor(size / 2)));
  const corner = { row: within(place.row, maps.rows), column: within(place.column, maps.columns) };
  const pixelAt = (row, column) => image[indexOf(maps, { map: place.map, row, column })];
  const cells = patchOf(maps, place.map, { ...corner, size }).map((values, y) => values.map((value, x) => {
    const row = corner.row + y, column = corner.column + x, pixel = pixelAt(row, column);
    return { value, lines: [pixel], grey: pixel, name: row === place.row && column === place.column ? "here" : "" };
  }));
  const value = valueAt(maps, place), scaled = inside.scaled(pixelAt(place.row, place.column), number(value));
  const caption = maps.count === 3 ? inside.numbersOf(mapName(stage, maps, place.map)) : inside.numbers;
  return [after(c), titled(inside.piece, table(caption, cells), result(scaled, value))];
}

// Which input maps a sum is made of; choosing one shows its square.
function sources(c, parts, chosen) {
  const { inside } = say(), stage = c.stages[c.index - 1], maps = c.outputs[c.index - 1];
  const ordered = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum));
  const listed = ordered.slice(0, SOURCES), others = ordered.slice(SOURCES);
  const buttons = listed.map(({ map, sum }) => button(
    `source-${map}`, { "aria-pressed": String(map === chosen), onclick: () => c.chooseSource(map) },
    drawn(maps, map, { picture: stage.kind === "picture", channel: map }), text("span", mapName(stage, maps, map)), text("b", number(sum)),
  ));
  const rest = others.length ? inside.others(count(others.length), number(sumOf(others.map(({ sum }) => sum)))) : "";
  const current = listed.findIndex(({ map }) => map === chosen);
  return make("div", { className: "sources" }, quiet(inside.sources), group(inside.sources, buttons, current), quiet(rest));
}

// The sum of an output, as terms: the products of the input map that is shown, those of the others, the bias.
function convolutionSum(c, parts, part) {
  const { inside } = say(), sum = sumOf(parts.map((it) => it.sum)), bias = c.stage.bias[c.place.map];
  const terms = [{ value: sum, name: inside.sum }];
  if (parts.length > 1) {
    const own = mapName(c.stages[c.index - 1], c.outputs[c.index - 1], part.map);
    terms.splice(0, 1, { value: part.sum, name: own }, { value: sum - part.sum, name: inside.otherInputs(count(parts.length - 1)) });
  }
  return equation([...terms, { value: bias, name: inside.bias }], { value: sum + bias, name: inside.value });
}

export function convolution(c) {
  const { stage, place, network } = c, { inside } = say(), input = c.outputs[c.index - 1];
  const parts = productsOf(stage, network.kernels, input, place);
  const strongest = parts.reduce((best, part) => (Math.abs(part.sum) > Math.abs(best.sum) ? part : best));
  const part = parts[c.source] ?? strongest, { patch, kernel, products } = part;
  const cells = products.map((row, y) => row.map((value, x) => {
    const beyond = patch[y][x] === null;
    return { value, lines: [number(patch[y][x] ?? 0), `×${number(kernel[y][x])}`], name: beyond ? "outside" : "" };
  }));
  const sign = (it) => text("span", it, { ariaHidden: "true" });
  const tiles = [tile(inside.window, patch), sign("×"), tile(inside.kernel, kernel), sign("="), tile(inside.products, products)];
  return [
    before(c, part.map, [{ ...windowOf(stage, place), kind: "window" }], parts.length > 1 && sources(c, parts, part.map)),
    titled(
      inside.how, make("div", { className: "tiles" }, ...tiles), table(inside.windowTimesKernel, cells),
      patch.flat().includes(null) && quiet(inside.outside), convolutionSum(c, parts, part),
    ),
    after(c),
  ];
}

export function activation(c) {
  const { stage, place } = c, value = valueAt(c.outputs[c.index - 1], place), given = apply(stage.kind, value);
  const said = say().inside.activated[stage.kind](number(value), number(given));
  return [
    before(c, place.map, [{ ...place, kind: "place" }]),
    titled(say().inside.how, curve(stage.kind, value, given), result(said, given)),
    after(c),
  ];
}

export function pooling(c) {
  const { stage, place } = c, { inside } = say(), max = stage.kind === "maxpool", square = windowOf(stage, place);
  const patch = patchOf(c.outputs[c.index - 1], place.map, square), values = patch.flat(), highest = Math.max(...values);
  const winner = placeOf({ columns: stage.size, count: 1 }, values.indexOf(highest));
  const wins = (y, x) => max && y === winner.row && x === winner.column;
  const cells = patch.map((row, y) => row.map((value, x) => ({ value, lines: [number(value)], name: wins(y, x) ? "here" : "" })));
  const value = max ? highest : sumOf(values) / values.length;
  const spots = [{ ...square, kind: "window" }];
  if (max) spots.push({ row: square.row + winner.row, column: square.column + winner.column, kind: "winner" });
  const said = inside.pooled[stage.kind](number(value), values.length);
  return [before(c, place.map, spots), titled(inside.how, table(inside.square(stage.size), cells), result(said, value)), after(c)];
}

export function flatten(c) {
  const { place, maps } = c, { inside } = say(), index = indexOf(maps, place);
  const stage = c.stages[c.index - 1], input = c.outputs[c.index - 1], { map, row, column } = placeOf(input, index);
  const said = inside.flattened(row + 1, column + 1, mapName(stage, input, map), count(index + 1), count(maps.values.length));
  return [
    before(c, map, [{ row, column, kind: "place" }]),
    titled(inside.how, result(said, maps.values[index]), quiet(inside.order)),
    after(c),
  ];
}
