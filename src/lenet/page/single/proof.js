// Used to check the export, not part of it: classifies the pictures in #pictures, writes the probabilities to #answers.

import { createNetwork } from "../core/network.js";
import { description, kernels } from "./weights.js";

const { read } = createNetwork(description, kernels());
const bytes = atob(document.getElementById("pictures").textContent);
const size = description.height * description.width * description.depth, answers = [];
for (let start = 0; start < bytes.length; start += size) {
  const pixels = Array.from({ length: size }, (_, i) => bytes.charCodeAt(start + i));
  answers.push(Array.from(read(pixels).probabilities, (value) => Number(value.toPrecision(9))));
}
document.getElementById("answers").textContent = JSON.stringify(answers);
