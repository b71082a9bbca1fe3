// The stages that show maps: each gives three parts, what comes in, how one number is computed, what goes out.

import { make } from "../elements.js";
import { count, say } from "../words.js";
import { activation as curve } from "./curve.js";
import { button, choosable, drawn, equation, group, mapName, number, result, still, table, tile, titled } from "./parts.js";
import { apply, indexOf, patchOf, productsOf, sumOf, windowOf } from "./values.js";

const SOURCES = 4; // input maps that are listed
const SEEN = 7; // pixels a side of the piece of the picture that is shown in numbers

const fullName = (stage, maps, map) => {
  const { inside } = say(), title = inside.title(stage);
  return maps.flat || (stage.kind === "picture" && maps.count === 1) ? title : inside.of(title, mapName(stage, maps, map));
};

// Where a number is: a row and a column, or a unit.
export const placeName = ({ kind }, maps, place) => {
  const { inside } = say();
  if (!maps.flat) return inside.place(place.row + 1, place.column + 1);
  return inside[kind === "flatten" ? "position" : "unit"](count(indexOf(maps, place) + 1));
};

export const valueAt = (maps, { map, row, column }) => maps.at(map, row, column);

// What goes out: the map with the chosen place, where another can be chosen.
export function after(c) {
  const { stage, maps, place, filled } = c, picture = stage.kind === "picture";
  const name = fullName(stage, maps, place.map), said = say().inside.valueAt(placeName(stage, maps, place), number(valueAt(maps, place)));
  const canvas = drawn(maps, place.map, { picture, filled });
  return titled(name, choosable(`${name}, ${said}. ${say().inside.choose}`, maps, canvas, place, c.pin), make("p", { className: "value", textContent: said }));
}

// What comes in: one of the maps of the layer before.
export function before(c, map, frames, ...more) {
  const stage = c.stages[c.index - 1], maps = c.outputs[c.index - 1], picture = stage.kind === "picture";
  const name = fullName(stage, maps, map);
  return titled(name, still(name, maps, drawn(maps, map, { picture, channel: maps.count > 1 ? map : null }), frames), ...more);
}

export function picture(c) {
  const { maps, place, image, stage } = c, { inside } = say();
  const size = Math.min(SEEN, maps.rows, maps.columns), within = (value, all) => Math.min(all - size, Math.max(0, value - Math.floor(size / 2)));
  const corner = { row: within(place.row, maps.rows), column: within(place.column, maps.columns), size };
  const raw = (map, row, column) => image[indexOf(maps, { map, row, column })];
  const cells = patchOf(maps, place.map, corner).map((row, y) => row.map((value, x) => {
    const at = { map: place.map, row: corner.row + y, column: corner.column + x }, here = at.row === place.row && at.column === place.column;
    const pixel = raw(at.map, at.row, at.column);
    return { value, text: [String(pixel)], grey: pixel, name: here ? "here" : "" };
  }));
  const value = valueAt(maps, place), pixel = raw(place.map, place.row, place.column);
  const caption = maps.count === 3 ? inside.numbersOf(mapName(stage, maps, place.map)) : inside.numbers;
  return [after(c), titled(inside.piece, table(caption, cells), result(inside.scaled(pixel, number(value)), value))];
}

// Which input maps a sum is made of; choosing one shows its square.
function sources(c, parts, chosen) {
  const { inside } = say(), stage = c.stages[c.index - 1], maps = c.outputs[c.index - 1];
  const listed = [...parts].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, SOURCES);
  const others = parts.filter((part) => !listed.includes(part));
  const buttons = listed.map(({ map, sum }) => button(`source-${map}`, { "aria-pressed": String(map === chosen), onclick: () => c.chooseSource(map) },
    drawn(maps, map, { picture: stage.kind === "picture", channel: map }), make("span", { textContent: mapName(stage, maps, map) }), make("b", { textContent: number(sum) })));
  const told = (text) => make("p", { className: "quiet", textContent: text }), sum = sumOf(others.map((part) => part.sum));
  return make("div", { className: "sources" }, told(inside.sources), group(inside.sources, buttons, listed.findIndex(({ map }) => map === chosen)),
    told(others.length ? inside.others(count(others.length), number(sum)) : ""));
}

export function convolution(c) {
  const { stage, place, network } = c, { inside } = say(), input = c.outputs[c.index - 1];
  const parts = productsOf(stage, network.kernels, input, place);
  const strongest = parts.reduce((best, part) => (Math.abs(part.sum) > Math.abs(best.sum) ? part : best));
  const part = parts[c.source] ?? strongest, { patch, kernel, products } = part;
  const cells = products.map((row, y) => row.map((value, x) =>
    ({ value, text: [number(patch[y][x] ?? 0), `×${number(kernel[y][x])}`], name: patch[y][x] === null ? "outside" : "" })));
  const sum = sumOf(parts.map((it) => it.sum)), bias = stage.bias[place.map], total = sum + bias;
  const terms = parts.length === 1 ? [{ value: sum, name: inside.sum }]
    : [{ value: part.sum, name: mapName(c.stages[c.index - 1], input, part.map) }, { value: sum - part.sum, name: inside.otherInputs(count(parts.length - 1)) }];
  const line = equation([...terms, { value: bias, name: inside.bias }], { value: total, name: inside.value });
  const outside = patch.flat().includes(null) && make("p", { className: "quiet", textContent: inside.outside });
  const tiles = make("div", { className: "tiles" }, tile(inside.window, patch), make("span", { textContent: "×", "aria-hidden": "true" }),
    tile(inside.kernel, kernel), make("span", { textContent: "=", "aria-hidden": "true" }), tile(inside.products, products));
  return [
    before(c, part.map, [{ ...windowOf(stage, place), kind: "window" }], parts.length > 1 && sources(c, parts, part.map)),
    titled(inside.how, tiles, table(inside.windowTimesKernel, cells), outside, line),
    after(c),
  ];
}

export function activation(c) {
  const { stage, place } = c, value = valueAt(c.outputs[c.index - 1], place), result_ = apply(stage.kind, value);
  return [
    before(c, place.map, [{ ...place, kind: "place" }]),
    titled(say().inside.how, curve(stage.kind, value, result_), result(say().inside.activated[stage.kind](number(value), number(result_)), result_)),
    after(c),
  ];
}

export function pooling(c) {
  const { stage, place } = c, { inside } = say(), input = c.outputs[c.index - 1], square = windowOf(stage, place);
  const patch = patchOf(input, place.map, square), values = patch.flat(), highest = Math.max(...values), max = stage.kind === "maxpool";
  const winner = values.indexOf(highest), at = { row: Math.floor(winner / stage.size), column: winner % stage.size };
  const cells = patch.map((row, y) => row.map((value, x) => {
    const wins = max && y === at.row && x === at.column;
    return { value, text: [number(value)], name: wins ? "here" : "" };
  }));
  const value = max ? highest : sumOf(values) / values.length;
  const frames = [{ ...square, kind: "window" }, max && { row: square.row + at.row, column: square.column + at.column, kind: "winner" }];
  return [
    before(c, place.map, frames.filter(Boolean)),
    titled(inside.how, table(inside.square(stage.size), cells), result(inside.pooled[stage.kind](number(value), values.length), value)),
    after(c),
  ];
}

export function flatten(c) {
  const { place, maps } = c, { inside } = say(), input = c.outputs[c.index - 1], index = indexOf(maps, place);
  const { map, row, column } = { map: index % input.count, row: Math.floor(index / input.count / input.columns), column: Math.floor(index / input.count) % input.columns };
  const steps = inside.flattened(row + 1, column + 1, mapName(c.stages[c.index - 1], input, map), count(index + 1), count(maps.values.length));
  return [
    before(c, map, [{ row, column, kind: "place" }]),
    titled(inside.how, result(steps, maps.values[index]), make("p", { className: "quiet", textContent: inside.order })),
    after(c),
  ];
}
