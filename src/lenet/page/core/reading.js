// Ink on the pad → marks and what a network says about them.

import { frame } from "./ink.js";

export function readInk(network, ink, centre) {
  const { image, box, plausible } = frame(ink, network.description, centre);
  if (!box) return [];
  const result = network.read(image);
  return [{ image, box, result: { ...result, unknown: result.unknown || !plausible } }];
}
