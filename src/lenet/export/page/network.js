"use strict";

// Runs a network in floating point: one case for each kind of layer. Maps lie row by row, channels last.
//
// A description has `layers`, each { name, kind, input, output, … } with its shapes, and `pixelScale` and
// `unknownThreshold`. Layers with weights also have `scale` and `bias`; their kernels are 8-bit integers with one row
// and one scale for each filter or unit, one after another in `kernels`, a string of bytes.
const createNetwork = (description, kernels) => {
  let taken = 0;
  const layers = description.layers.map((layer) => {
    if (!layer.bias) return layer;
    const [size, depth] = layer.kind === "conv" ? [layer.size, layer.input[2]] : [1, layer.input[0]];
    const length = size * size * depth;
    const kernel = new Float32Array(layer.bias.length * length);
    for (let i = 0; i < kernel.length; i++, taken++) {
      kernel[i] = (kernels.charCodeAt(taken) << 24 >> 24) * layer.scale[Math.floor(i / length)];
    }
    return { ...layer, length, kernel };
  });

  function dot(values, start, kernel, offset, count) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[start + i] * kernel[offset + i];
    return sum;
  }

  function convolve({ input: [height, width, depth], output, size, stride, top, left, length, kernel, bias }, values) {
    const [rows, columns, filters] = output, maps = new Float32Array(rows * columns * filters);
    let place = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const y0 = row * stride - top, x0 = column * stride - left; // outside the input is 0
        const first = Math.max(0, -x0), count = (Math.min(size, width - x0) - first) * depth;
        const firstRow = Math.max(0, -y0), endRow = Math.min(size, height - y0);
        for (let filter = 0; filter < filters; filter++) {
          let sum = bias[filter];
          for (let y = firstRow; y < endRow; y++) {
            const start = ((y0 + y) * width + x0 + first) * depth;
            sum += dot(values, start, kernel, filter * length + (y * size + first) * depth, count);
          }
          maps[place++] = sum;
        }
      }
    }
    return maps;
  }

  function pool({ kind, input: [, width, depth], output: [rows, columns], size }, values) {
    const maps = new Float32Array(rows * columns * depth);
    for (let i = 0; i < maps.length; i++) {
      const row = Math.floor(i / depth / columns) * size, column = (Math.floor(i / depth) % columns) * size;
      let highest = -Infinity, total = 0;
      for (let y = row; y < row + size; y++) {
        for (let x = column; x < column + size; x++) {
          const value = values[(y * width + x) * depth + i % depth];
          highest = Math.max(highest, value);
          total += value;
        }
      }
      maps[i] = kind === "maxpool" ? highest : total / (size * size);
    }
    return maps;
  }

  function softmax(logits) {
    const highest = logits.reduce((a, b) => Math.max(a, b));
    const exponents = logits.map((logit) => Math.exp(logit - highest));
    const total = exponents.reduce((a, b) => a + b);
    return exponents.map((value) => value / total);
  }

  function compute(layer, values) {
    switch (layer.kind) {
      case "conv": return convolve(layer, values);
      case "dense": return Float32Array.from(layer.bias, (bias, unit) =>
        bias + dot(values, 0, layer.kernel, unit * layer.length, layer.length));
      case "relu": return values.map((value) => Math.max(0, value));
      case "tanh": return values.map(Math.tanh);
      case "sigmoid": return values.map((value) => 1 / (1 + Math.exp(-value)));
      case "maxpool": case "avgpool": return pool(layer, values);
      case "flatten": return values;
      case "softmax": return softmax(values);
      default: throw new Error(`unknown kind of layer: ${layer.kind}`);
    }
  }

  // Pixels 0…255 → probabilities, whether the picture looks like none of the classes, and each layer's output by name.
  function read(pixels) {
    const outputs = {};
    let values = Float32Array.from(pixels, (pixel) => pixel * description.pixelScale);
    for (const layer of layers) values = outputs[layer.name] = compute(layer, values);
    const logits = outputs[layers.at(-2).name], threshold = description.unknownThreshold;
    return { probabilities: values, unknown: threshold !== null && logits.every((logit) => logit < threshold), layers: outputs };
  }

  return { model: description, read };
};
