// Runs a network in floating point: one case for each kind of layer. Maps lie row by row, channels last.
//
// A description has `layers`, each { name, kind, input, output, … } with its shapes, and what belongs to the whole
// network. Layers with weights also have `bias`, and `kernel`: where theirs starts in `kernels`, a Float32Array of all
// kernels. A convolution's kernel is (row, column, channel, filter), a dense layer's is (input, unit).

// sums[i] += value × row i of the kernel that starts at `from`. Zeros are frequent: ink is rare, and ReLU cuts off.
function add(sums, value, kernels, from) {
  if (value === 0) return;
  for (let i = 0; i < sums.length; i++) sums[i] += value * kernels[from + i];
}

function convolve({ input: [height, width, depth], output: [rows, columns, filters], size, stride, top, left, kernel, bias }, values, kernels) {
  const maps = new Float32Array(rows * columns * filters), biases = Float64Array.from(bias), sums = new Float64Array(filters);
  for (let row = 0, place = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, place += filters) {
      const y0 = row * stride - top, x0 = column * stride - left; // outside the input is 0
      const firstY = Math.max(0, -y0), endY = Math.min(size, height - y0);
      const firstX = Math.max(0, -x0), endX = Math.min(size, width - x0);
      sums.set(biases);
      for (let y = firstY; y < endY; y++) {
        let from = kernel + (y * size + firstX) * depth * filters;
        const start = ((y0 + y) * width + x0 + firstX) * depth, end = start + (endX - firstX) * depth;
        for (let i = start; i < end; i++, from += filters) add(sums, values[i], kernels, from);
      }
      maps.set(sums, place);
    }
  }
  return maps;
}

function dense({ input: [inputs], output: [units], kernel, bias }, values, kernels) {
  const sums = Float64Array.from(bias);
  for (let i = 0; i < inputs; i++) add(sums, values[i], kernels, kernel + i * units);
  return Float32Array.from(sums);
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

function softmax(logits, temperature) {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const exponents = logits.map((logit) => Math.exp((logit - highest) / temperature));
  const total = exponents.reduce((a, b) => a + b);
  return exponents.map((value) => value / total);
}

export const activations = { relu: (x) => Math.max(0, x), tanh: Math.tanh, sigmoid: (x) => 1 / (1 + Math.exp(-x)) };

export function createNetwork(description, kernels) {
  const { layers, pixelScale, temperature, unknownThreshold } = description;

  function compute(layer, values) {
    switch (layer.kind) {
      case "conv": return convolve(layer, values, kernels);
      case "dense": return dense(layer, values, kernels);
      case "relu": case "tanh": case "sigmoid": return values.map(activations[layer.kind]);
      case "maxpool": case "avgpool": return pool(layer, values);
      case "flatten": return values;
      case "softmax": return softmax(values, temperature);
      default: throw new Error(`unknown kind of layer: ${layer.kind}`);
    }
  }

  // Pixels 0…255 → probabilities, whether the image looks like none of the classes, and each layer's output by name.
  function read(pixels) {
    const outputs = {};
    let values = Float32Array.from(pixels, (pixel) => pixel * pixelScale);
    for (const layer of layers) values = outputs[layer.name] = compute(layer, values);
    const logits = outputs[layers.at(-2).name];
    const unknown = unknownThreshold !== null && logits.every((logit) => logit < unknownThreshold);
    return { probabilities: values, unknown, layers: outputs };
  }

  return { description, kernels, read };
}
