"use strict";

// Used to check the export, not part of it: classifies the pictures in #pictures, writes the probabilities to #answers.
{
  const model = JSON.parse(document.getElementById("model").textContent);
  const { read } = createNetwork(model, atob(document.getElementById("weights").textContent.trim()));
  const bytes = atob(document.getElementById("pictures").textContent);
  const size = model.height * model.width * model.depth, answers = [];
  for (let start = 0; start < bytes.length; start += size) {
    const pixels = Array.from({ length: size }, (_, i) => bytes.charCodeAt(start + i));
    answers.push(Array.from(read(pixels).probabilities, (value) => Number(value.toPrecision(9))));
  }
  document.getElementById("answers").textContent = JSON.stringify(answers);
}
