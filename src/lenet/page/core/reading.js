// Ink on the pad → marks, and what a network says about them.

import { frame } from "./ink.js";

// All ink as one mark: { image, box, result }; null where nothing is drawn.
export function readMark(network, ink, centre = true) {
  const { image, box, plausible } = frame(ink, network.description, centre);
  if (!box) return null;
  const result = network.read(image);
  return { image, box, result: { ...result, unknown: result.unknown || !plausible } };
}

export function readInk(network, ink, centre) {
  const mark = readMark(network, ink, centre);
  return mark ? [mark] : [];
}
