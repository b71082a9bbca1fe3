// The stages of the walk, derived from the network: the picture, then each layer.

import { asMaps, patchOf, placeOf, strongest, windowOf } from "./values.js";

export const isActivation = (kind) => kind === "relu" || kind === "tanh" || kind === "sigmoid";
export const isPooling = (kind) => kind === "maxpool" || kind === "avgpool";

// Each stage is a layer of the description, with the `number` in its name. An activation and a pooling keep the maps
// of the layer before them: they have the same `chain`, the index of the stage whose maps these are.
export function stagesOf({ layers, height, width, depth }) {
  const stages = [{ name: "picture", kind: "picture", output: [height, width, depth], chain: 0 }];
  for (const layer of layers) {
    const carried = isActivation(layer.kind) || isPooling(layer.kind);
    stages.push({
      ...layer, number: layer.name.match(/\d+$/)?.[0] ?? "", chain: carried ? stages.at(-1).chain : stages.length,
      last: layer.kind === "dense" && layer === layers.at(-2),
    });
  }
  return stages;
}

// The outputs of all stages as maps.
export function outputsOf(stages, { pixelScale }, image, { layers }) {
  return stages.map(({ name, kind, output }) =>
    asMaps(kind === "picture" ? Float32Array.from(image, (pixel) => pixel * pixelScale) : layers[name], output));
}

function forwards({ kind, size }, maps, place) {
  if (!isPooling(kind)) return place;
  const within = (value, count) => Math.min(count - 1, Math.floor(value / size)); // an incomplete last row is dropped
  return { ...place, row: within(place.row, maps.rows), column: within(place.column, maps.columns) };
}

// To the highest value of a pooling's square.
function backwards(stage, before, place) {
  if (!isPooling(stage.kind)) return place;
  const square = windowOf(stage, place), values = patchOf(before, place.map, square).flat();
  const { row, column } = placeOf({ columns: stage.size, count: 1 }, values.indexOf(Math.max(...values)));
  return { ...place, row: square.row + row, column: square.column + column };
}

// The place { map, row, column } that a stage shows: the pinned one of its chain, or the strongest. `pins` holds, by
// chain, a place and the `index` of the stage in which it was pinned.
export function placeAt(stages, outputs, pins, index) {
  const { chain } = stages[index];
  let { index: from, ...place } = pins.get(chain) ?? { index: chain, ...strongest(outputs[chain]) };
  while (from < index) {
    from += 1;
    place = forwards(stages[from], outputs[from], place);
  }
  for (; from > index; from--) place = backwards(stages[from], outputs[from - 1], place);
  return place;
}
