// Ink on the pad → the image that a network takes: the same numbers as lenet.serve.drawing gives in Python.
//
// Ink is { pixels, height, width, depth }: bytes row by row, 255 for full ink; or depth 3, colours as a network sees them.

import { BICUBIC, BILINEAR, BOX, resize, round } from "./resize.js";

const BOX_SIDE = 20 / 28; // the mark's longer side, as a share of the image
const OVERSIZE = 5;
const THINNEST = 2, THICKEST = 2.7; // strokes of MNIST, in pixels of the 20
const LONGEST = 4.3, FATTEST = 0.35, MOST_FILLED = 0.56; // what a digit's strokes can be
export const INKED = 127; // less is the soft edge of a stroke

// Left, top, right, bottom of what is above a threshold; null for nothing.
export function bounds({ values, height, width }, threshold) {
  let left = width, top = height, right = 0, bottom = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (values[i] <= threshold) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  return right ? [left, top, right, bottom] : null;
}

// A part of a grid; what lies beyond its edges is 0.
function crop({ values, height, width }, [left, top, right, bottom]) {
  const made = { values: new Float32Array((right - left) * (bottom - top)), height: bottom - top, width: right - left };
  for (let y = Math.max(0, top); y < Math.min(height, bottom); y++) {
    for (let x = Math.max(0, left); x < Math.min(width, right); x++) {
      made.values[(y - top) * made.width + x - left] = values[y * width + x];
    }
  }
  return made;
}

const padded = (grid, by) => crop(grid, [-by, -by, grid.width + by, grid.height + by]);

// The highest value in a square around each place.
function highestAround({ values, height, width }, size) {
  const before = Math.floor(size / 2), after = size - before - 1, made = new Float64Array(values.length);
  const rows = new Float64Array(values.length);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let highest = -Infinity;
      for (let k = Math.max(0, x - before); k <= Math.min(width - 1, x + after); k++) highest = Math.max(highest, values[y * width + k]);
      rows[i] = highest;
    }
  }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let highest = -Infinity;
      for (let k = Math.max(0, y - before); k <= Math.min(height - 1, y + after); k++) highest = Math.max(highest, rows[k * width + x]);
      made[i] = highest;
    }
  }
  return { values: made, height, width };
}

// Distance of each place where `inside` holds to the nearest where it does not; 0 elsewhere.
function distances({ values, height, width }, inside) {
  const far = height + width, down = new Int32Array(values.length), made = new Float64Array(values.length);
  for (let x = 0; x < width; x++) {
    for (let y = 0, run = far; y < height; y++) down[y * width + x] = run = inside(values[y * width + x]) ? Math.min(far, run + 1) : 0;
    for (let y = height - 1, run = far; y >= 0; y--) {
      run = inside(values[y * width + x]) ? run + 1 : 0;
      down[y * width + x] = Math.min(down[y * width + x], run);
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      let nearest = down[i] * down[i];
      for (let step = 1; step * step < nearest; step++) {
        if (x >= step) nearest = Math.min(nearest, step * step + down[i - step] ** 2);
        if (x + step < width) nearest = Math.min(nearest, step * step + down[i + step] ** 2);
      }
      made[i] = Math.sqrt(nearest);
    }
  }
  return { values: made, height, width };
}

function percentile(values, share) {
  const sorted = Float64Array.from(values).sort(), place = share * (sorted.length - 1), first = Math.floor(place);
  return sorted[first] + (sorted[Math.min(first + 1, sorted.length - 1)] - sorted[first]) * (place - first);
}

function centreOfMass({ values, height, width }) {
  let total = 0, down = 0, across = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      total += values[i];
      down += y * values[i];
      across += x * values[i];
    }
  }
  total = Math.max(total, 1e-9);
  return [down / total, across / total];
}

const sized = (grid, zoom) => [Math.max(1, round(grid.height * zoom)), Math.max(1, round(grid.width * zoom))];

// The mark as a drawing of 0 and 1 whose longer side is `side`, with a margin; null where no ink is left.
function outlined(strength, side) {
  const box = bounds(strength, 0.5);
  if (!box) return null;
  const [left, top, right, bottom] = box, zoom = side / Math.max(right - left, bottom - top);
  let drawn = crop(strength, [left - 1, top - 1, right + 1, bottom + 1]);
  if (zoom < 1) drawn = highestAround(drawn, round(1 / zoom)); // a hairline must not be averaged away
  const large = resize(drawn, ...sized(drawn, zoom), BICUBIC);
  large.values = large.values.map((value) => Number(value > 0.5));
  return large.values.includes(1) ? padded(large, OVERSIZE) : null;
}

// The drawing with strokes of MNIST's thickness and soft edges, made by moving the whole edge in or out.
function evened(outline, box) {
  const { values, height, width } = outline, scale = OVERSIZE * box / 20;
  const inside = distances(outline, (value) => value === 1), outside = distances(outline, (value) => value === 0);
  const around = highestAround(inside, 3).values;
  const middle = inside.values.filter((value, i) => values[i] && value === around[i]);
  const thickness = Math.max(1, 2 * middle.reduce((sum, value) => sum + value, 0) / middle.length - 1);
  const inked = values.reduce((sum, value) => sum + value, 0);
  const length = inked / Math.max(2, thickness) / (OVERSIZE * box);
  const fattest = middle.reduce((most, value) => Math.max(most, value), 0);
  let move = (Math.min(Math.max(thickness, THINNEST * scale), THICKEST * scale) - thickness) / 2;
  // Where the pen was light, a stroke keeps at least a pixel of the 20.
  move = Math.max(move, Math.min(0, scale / 2 - percentile(middle, 0.1)));
  const drawing = Float32Array.from(values, (value, i) => {
    const distance = value ? inside.values[i] - 0.5 : 0.5 - outside.values[i];
    return Math.min(1, Math.max(0, distance + move + 0.5));
  });
  return { drawing: { values: drawing, height, width }, digitShaped: length <= LONGEST && fattest <= FATTEST * OVERSIZE * box };
}

function shrunk(drawing, box) {
  const cut = crop(drawing, bounds(drawing, 0)), zoom = box / Math.max(cut.height, cut.width);
  return resize(cut, ...sized(cut, zoom), BOX);
}

function centred(digit, height, width) {
  const image = new Uint8Array(height * width), [down, across] = centreOfMass(digit);
  const top = Math.min(Math.max(round(height / 2 - down), 0), height - digit.height);
  const left = Math.min(Math.max(round(width / 2 - across), 0), width - digit.width);
  digit.values.forEach((value, i) => {
    image[(top + Math.floor(i / digit.width)) * width + left + i % digit.width] = round(Math.fround(value * 255));
  });
  return image;
}

// Whether an image is in MNIST's form already: size, box and centre of mass.
function isLikeMnist(grid) {
  const box = bounds(grid, 0);
  return grid.height === 28 && grid.width === 28 && box !== null && Math.max(box[2] - box[0], box[3] - box[1]) === 20
    && centreOfMass(grid).every((middle) => Math.abs(middle - 14) <= 0.51);
}

function frameMark(grid, { height, width }, centre) {
  const sameSize = grid.height === height && grid.width === width;
  if (sameSize && (!centre || isLikeMnist(grid))) return { image: Uint8Array.from(grid.values), plausible: true };
  if (!centre) return { image: Uint8Array.from(resize(grid, height, width, BOX, true).values), plausible: true };
  const box = round(Math.min(height, width) * BOX_SIDE);
  const strength = { ...grid, values: Float32Array.from(grid.values, (value) => value / 255) };
  const outline = outlined(strength, box * OVERSIZE);
  if (!outline) return { image: new Uint8Array(height * width), plausible: false };
  const { drawing, digitShaped } = evened(outline, box), image = centred(shrunk(drawing, box), height, width);
  const filled = image.filter((value) => value > INKED).length / (Math.min(height, width) * BOX_SIDE) ** 2;
  return { image, plausible: digitShaped && filled <= MOST_FILLED };
}

export const channel = ({ pixels, height, width, depth }, index) =>
  ({ values: Float32Array.from({ length: height * width }, (_, i) => pixels[i * depth + index]), height, width });

const grey = ([red, green, blue]) =>
  ({ ...red, values: red.values.map((value, i) => (value * 19595 + green.values[i] * 38470 + blue.values[i] * 7471 + 0x8000) >> 16) });

// One channel scaled until it fits, in the middle; the margin has the median of its border.
function letterbox(grid, height, width) {
  if (grid.height === height && grid.width === width) return grid.values;
  const scale = Math.min(width / grid.width, height / grid.height);
  const inner = resize(grid, ...sized(grid, scale), BILINEAR, true);
  const across = Array.from({ length: grid.width }, (_, x) => x), down = Array.from({ length: grid.height }, (_, y) => y * grid.width);
  const last = down.at(-1), border = [...across, ...across.map((x) => last + x), ...down, ...down.map((y) => y + grid.width - 1)];
  const made = new Float32Array(height * width).fill(Math.floor(percentile(border.map((i) => grid.values[i]), 0.5)));
  const top = Math.floor((height - inner.height) / 2), left = Math.floor((width - inner.width) / 2);
  for (let y = 0; y < inner.height; y++) {
    made.set(inner.values.subarray(y * inner.width, (y + 1) * inner.width), (top + y) * width + left);
  }
  return made;
}

// The whole drawing: bright ink on black for a grey network, black ink on white for a colour one; colours as they are.
function frameWhole(ink, { height, width, depth, inverted }) {
  const isInk = ink.depth === 1, onPaper = isInk && (depth === 3 || inverted);
  let channels = Array.from({ length: ink.depth }, (_, i) => channel(ink, i));
  if (!isInk && depth === 1) channels = [grey(channels)];
  if (onPaper) for (const each of channels) each.values = each.values.map((value) => 255 - value);
  const boxed = channels.map((each) => letterbox(each, height, width));
  return Uint8Array.from({ length: height * width * depth }, (_, i) => {
    const value = boxed[Math.min(i % depth, boxed.length - 1)][Math.floor(i / depth)];
    return isInk && inverted ? 255 - value : value;
  });
}

// Ink → { image, box of the ink as shares of the pad or null for none, plausible: whether a digit can have such strokes }.
export function frame(ink, description, centre = true) {
  const { height, width } = ink, box = ink.depth === 3 ? [0, 0, width, height] : bounds(channel(ink, 0), INKED);
  if (!box) return { image: null, box: null, plausible: false };
  const shares = box.map((edge, i) => edge / (i % 2 ? height : width));
  if (description.framing === "whole") return { image: frameWhole(ink, description), box: shares, plausible: true };
  return { ...frameMark(channel(ink, 0), description, centre), box: shares };
}
