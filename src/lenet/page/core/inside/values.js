// The numbers behind the walk: outputs of layers as maps, and how one number comes from those before it.

import { activations } from "../network.js";

// An output as `count` maps of rows × columns; a vector of units is one map that is as square as it can be, its last
// row filled in part. `values` lie row by row, channels last.
export function asMaps(values, shape) {
  const flat = shape.length === 1;
  const columns = flat ? Math.ceil(Math.sqrt(shape[0])) : shape[1];
  const rows = flat ? Math.ceil(shape[0] / columns) : shape[0];
  const count = flat ? 1 : shape[2];
  const at = (map, row, column) => values[(row * columns + column) * count + map];
  return { values, flat, rows, columns, count, most: highest(values), at };
}

// The largest absolute value; 1 where all are 0, so that it can be divided by.
export const highest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;

export const indexOf = ({ columns, count }, { map, row, column }) => (row * columns + column) * count + map;
export function placeOf({ columns, count }, index) {
  const place = Math.floor(index / count);
  return { map: index % count, row: Math.floor(place / columns), column: place % columns };
}

export const strongest = (maps) =>
  placeOf(maps, maps.values.reduce((best, value, i) => (value > maps.values[best] ? i : best), 0));

// Numbers of the maps, that with the highest value first.
export function byStrength({ values, count }) {
  const peaks = Array(count).fill(-Infinity);
  values.forEach((value, i) => { peaks[i % count] = Math.max(peaks[i % count], value); });
  return peaks.map((_, map) => map).sort((a, b) => peaks[b] - peaks[a]);
}

// The square of its input that a place of a convolution or pooling looks at; it may reach beyond the edges.
export const windowOf = ({ size, stride = size, top = 0, left = 0 }, { row, column }) =>
  ({ row: row * stride - top, column: column * stride - left, size });

// Its rows of numbers; null beyond the edges.
export function patchOf(maps, map, { row, column, size }) {
  const inside = (y, x) => y >= 0 && x >= 0 && y < maps.rows && x < maps.columns;
  return Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) =>
    (inside(row + y, column + x) ? maps.at(map, row + y, column + x) : null)));
}

// For each map of the input: its patch, the kernel, their products and the sum of these.
export function productsOf(layer, kernels, maps, place) {
  const filters = layer.output[2];
  return Array.from({ length: maps.count }, (_, map) => {
    const patch = patchOf(maps, map, windowOf(layer, place));
    const kernel = patch.map((row, y) => row.map((_, x) =>
      kernels[layer.kernel + ((y * layer.size + x) * maps.count + map) * filters + place.map]));
    const products = patch.map((row, y) => row.map((value, x) => (value ?? 0) * kernel[y][x]));
    return { map, patch, kernel, products, sum: sumOf(products.flat()) };
  });
}

export const sumOf = (values) => values.reduce((sum, value) => sum + value, 0);

// What each input of a dense layer adds to the value of a unit: { index, value, weight, push }.
export const pushesOf = ({ kernel, output: [units] }, kernels, values, unit) => Array.from(values, (value, index) => {
  const weight = kernels[kernel + index * units + unit];
  return { index, value, weight, push: value * weight };
});

// The scores of a softmax, as they are (divided by the temperature), to the power of e, and as shares.
export function sharesOf(scores, temperature) {
  const powers = Array.from(scores, (score) => Math.exp(score / temperature)), total = sumOf(powers);
  return { powers, total, shares: powers.map((power) => power / total) };
}

export const apply = (kind, value) => activations[kind](value);
