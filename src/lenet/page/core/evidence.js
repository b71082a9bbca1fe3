// What each place of an image adds to a logit: activation × gradient, summed over channels (HiResCAM); the same numbers as
// lenet.explain.evidence gives in Python. Places are those of the last convolution's activation, or the image's pixels.

const SLOPES = {
  relu: (value) => Number(value > 0),
  tanh: (value) => 1 - Math.tanh(value) ** 2,
  sigmoid: (value) => (1 - Math.tanh(value / 2) ** 2) / 4,
};

function backDense({ input: [inputs], output: [units], kernel }, gradient, kernels) {
  return Float64Array.from({ length: inputs }, (_, i) => {
    let sum = 0;
    for (let unit = 0; unit < units; unit++) sum += kernels[kernel + i * units + unit] * gradient[unit];
    return sum;
  });
}

function backPool({ kind, input: [, width, depth], output: [, columns], size }, values, gradient) {
  const made = new Float64Array(values.length);
  gradient.forEach((share, i) => {
    const place = Math.floor(i / depth), row = Math.floor(place / columns) * size, column = (place % columns) * size;
    const square = Array.from({ length: size * size }, (_, k) => ((row + Math.floor(k / size)) * width + column + k % size) * depth + i % depth);
    if (kind === "avgpool") for (const at of square) made[at] += share / square.length;
    else made[square.reduce((best, at) => (values[at] > values[best] ? at : best))] += share;
  });
  return made;
}

// `seed` has a factor for each class: 1 for the one to explain, -1 for one to tell it from. The result is rows of numbers.
export function evidence({ description: { layers, pixelScale }, kernels }, image, outputs, seed) {
  const last = layers.findLastIndex(({ kind }) => kind === "conv");
  const target = last < 0 ? 0 : last + (layers[last + 1].kind in SLOPES ? 2 : 1);
  const inputOf = (i) => (i ? outputs[layers[i - 1].name] : Float32Array.from(image, (pixel) => pixel * pixelScale));
  let gradient = Float64Array.from(seed);
  for (let i = layers.length - 2; i >= target; i--) {
    const layer = layers[i], values = inputOf(i);
    if (layer.kind === "dense") gradient = backDense(layer, gradient, kernels);
    else if (layer.kind in SLOPES) gradient = gradient.map((share, k) => share * SLOPES[layer.kind](values[k]));
    else if (layer.kind !== "flatten") gradient = backPool(layer, values, gradient);
  }
  const values = inputOf(target), [height, width, depth] = layers[target].input;
  return Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => {
    let sum = 0;
    for (let k = (y * width + x) * depth, end = k + depth; k < end; k++) sum += values[k] * gradient[k];
    return sum;
  }));
}
