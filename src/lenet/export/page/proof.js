"use strict";

// Used by the proof, never shipped: reads the pictures in #pictures and leaves the probabilities in #answers.
{
  const { height, width, depth } = network.model;
  const bytes = atob(document.getElementById("pictures").textContent);
  const size = height * width * depth, answers = [];
  for (let start = 0; start < bytes.length; start += size) {
    const pixels = Array.from({ length: size }, (_, i) => bytes.charCodeAt(start + i));
    answers.push(Array.from(network.read(pixels).probabilities, (value) => Number(value.toPrecision(9))));
  }
  document.getElementById("answers").textContent = JSON.stringify(answers);
}
