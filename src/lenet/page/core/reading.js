// Ink on the pad → marks, and what a network says about them.

import { bounds, channel, frame, INKED } from "./ink.js";

const MOST = 8; // marks; more are one scribble
const OVERLAP = 0.3; // of the narrower one's width; marks that share more columns belong together
const WIDEST = 1.9; // of one character, to one of height
// All together are surer than the first where a fragment that is known is less sure than the second.
const SURE = 0.998, LESS_SURE = 0.99;

// All ink as one mark: { image, box, result }; null where nothing is drawn.
export function readMark(network, ink, centre = true) {
  const { image, box, plausible } = frame(ink, network.description, centre);
  if (!box) return null;
  const result = network.read(image);
  return { image, box, result: { ...result, unknown: result.unknown || !plausible } };
}

// Connected ink: each part's places.
function connected({ values, height, width }) {
  const seen = new Uint8Array(values.length), parts = [];
  for (let first = 0; first < values.length; first++) {
    if (seen[first] || values[first] <= INKED) continue;
    const part = [first];
    seen[first] = 1;
    for (const place of part) {
      const x = place % width, y = Math.floor(place / width);
      for (let j = Math.max(0, y - 1); j <= Math.min(height - 1, y + 1); j++) {
        for (let i = Math.max(0, x - 1); i <= Math.min(width - 1, x + 1); i++) {
          const next = j * width + i;
          if (seen[next] || values[next] <= INKED) continue;
          seen[next] = 1;
          part.push(next);
        }
      }
    }
    parts.push(part);
  }
  return parts;
}

// The grid with the ink of some places only, and the soft edge around them.
function only({ values, height, width }, places) {
  const kept = new Uint8Array(values.length);
  for (const place of places) {
    for (const step of [-width - 1, -width, -width + 1, -1, 0, 1, width - 1, width, width + 1]) {
      if (values[place + step] <= INKED) kept[place + step] = values[place + step];
    }
    kept[place] = values[place];
  }
  return { values: kept, height, width };
}

const overlap = (a, b) => (Math.min(a[2], b[2]) - Math.max(a[0], b[0])) / Math.min(a[2] - a[0], b[2] - b[0]);
const middle = ([left, , right]) => (left + right) / 2;

// Parts that stand above one another are one group; left to right.
function grouped(grid) {
  const groups = [];
  for (const places of connected(grid)) {
    const group = { places, box: bounds(only(grid, places), INKED) };
    for (const other of groups.filter(({ box }) => overlap(box, group.box) > OVERLAP)) {
      group.places = [...group.places, ...other.places];
      group.box = group.box.map((edge, i) => (i < 2 ? Math.min : Math.max)(edge, other.box[i]));
      groups.splice(groups.indexOf(other), 1);
    }
    groups.push(group);
  }
  return groups.sort((a, b) => middle(a.box) - middle(b.box));
}

const sureness = ({ result }) => Math.max(...result.probabilities);

// The marks on the pad, left to right. Several may be the fragments of one character: then a fragment looks like none or is
// less sure, and the network is surer of all together. The same rule as for a picture in Python.
export function readInk(network, ink, centre = true) {
  const whole = readMark(network, ink, centre);
  if (!whole || !centre || network.description.framing !== "mark" || ink.depth === 3) return whole ? [whole] : [];
  const grid = channel(ink, 0), groups = grouped(grid);
  if (groups.length < 2 || groups.length > MOST) return [whole];
  const marks = groups.map(({ places }) => readMark(network, { pixels: only(grid, places).values, height: grid.height, width: grid.width, depth: 1 }));
  const [left, top, right, bottom] = whole.box;
  const doubtful = marks.some(({ result }) => result.unknown)
    || (sureness(whole) > SURE && Math.min(...marks.map(sureness)) < LESS_SURE);
  const isOne = doubtful && !whole.result.unknown && right - left <= WIDEST * (bottom - top)
    && sureness(whole) > marks.reduce((all, mark) => all * sureness(mark), 1);
  return isOne ? [whole] : marks;
}
