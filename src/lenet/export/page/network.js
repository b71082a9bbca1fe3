"use strict";

// The network: pixels 0…255 in; out come probabilities, and whether the picture looks like none of the classes. Weights are 8-bit integers with one scale a row; the arithmetic is
// floating point.
const network = (() => {
  const model = JSON.parse(document.getElementById("model").textContent);
  const text = atob(document.getElementById("weights").textContent.trim());

  let taken = 0;
  function layer({ rows, length, scale, bias }) {
    const kernel = new Float32Array(rows * length);
    for (let i = 0; i < kernel.length; i++, taken++) {
      kernel[i] = (text.charCodeAt(taken) << 24 >> 24) * scale[Math.floor(i / length)];
    }
    return { rows, length, kernel, bias };
  }
  const [conv1, conv2, dense1, dense2] = model.layers.map(layer);

  function dot(values, start, kernel, offset, count) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[start + i] * kernel[offset + i];
    return sum;
  }

  // Convolution, 2×2 max-pooling and ReLU in one go; arrays lie row by row, channels last.
  function convolveAndPool({ rows: filters, length, kernel, bias }, input, height, width, depth) {
    const size = model.kernelSize, before = Math.floor((size - 1) / 2);
    const output = new Float32Array(Math.floor(height / 2) * Math.floor(width / 2) * filters);
    let place = 0;
    for (let row = 0; row + 1 < height; row += 2) {
      for (let column = 0; column + 1 < width; column += 2) {
        for (let filter = 0; filter < filters; filter++) {
          let highest = 0; // starting from 0 is the ReLU
          for (let corner = 0; corner < 4; corner++) {
            const top = row + (corner >> 1) - before, left = column + (corner & 1) - before;
            const first = Math.max(0, -left), end = Math.min(size, width - left);
            let sum = bias[filter];
            for (let y = Math.max(0, -top); y < Math.min(size, height - top); y++) {
              const start = ((top + y) * width + left + first) * depth;
              const offset = filter * length + (y * size + first) * depth;
              sum += dot(input, start, kernel, offset, (end - first) * depth);
            }
            if (sum > highest) highest = sum;
          }
          output[place++] = highest;
        }
      }
    }
    return output;
  }

  function dense({ rows, length, kernel, bias }, input) {
    return Float32Array.from({ length: rows }, (_, row) => bias[row] + dot(input, 0, kernel, row * length, length));
  }

  function softmax(logits) {
    const highest = logits.reduce((a, b) => Math.max(a, b));
    const exponents = logits.map((logit) => Math.exp(logit - highest));
    const total = exponents.reduce((a, b) => a + b);
    return exponents.map((value) => value / total);
  }

  function read(pixels) {
    const { height, width, depth } = model;
    let values = Float32Array.from(pixels, (pixel) => pixel * model.pixelScale);
    values = convolveAndPool(conv1, values, height, width, depth);
    values = convolveAndPool(conv2, values, Math.floor(height / 2), Math.floor(width / 2), conv1.rows);
    values = dense(dense1, values).map((value) => Math.max(0, value));
    const logits = dense(dense2, values);
    const unknown = model.unknownThreshold !== null && logits.every((logit) => logit < model.unknownThreshold);
    return { probabilities: softmax(logits), unknown };
  }

  return { model, read };
})();
