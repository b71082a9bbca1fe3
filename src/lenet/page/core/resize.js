// Resizing as Pillow does it: the same filters, the same rounding.

export const BOX = { support: 0.5, weight: (x) => Number(x > -0.5 && x <= 0.5) };
export const BILINEAR = { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) };
export const BICUBIC = {
  support: 2,
  weight: (value) => {
    const x = Math.abs(value);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};

// Halves to the even neighbour, as Python and NumPy round.
export function round(value) {
  const floor = Math.floor(value), rest = value - floor;
  if (rest === 0.5) return floor + floor % 2;
  return rest < 0.5 ? floor : floor + 1;
}

const UNIT = 2 ** 22;

// For each place of the result, where its weights begin in the source, and the weights.
function plan(from, to, { support, weight }, bytes) {
  const scale = from / to, stretch = Math.max(1, scale), reach = support * stretch;
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5)), end = Math.min(from, Math.trunc(centre + reach + 0.5));
    const weights = Float64Array.from({ length: end - start }, (_, i) => weight((i + start - centre + 0.5) / stretch));
    const total = weights.reduce((sum, value) => sum + value, 0);
    // For bytes, Pillow computes in whole numbers: weights are multiples of 1 / UNIT.
    return { start, weights: weights.map((value) => (bytes ? Math.floor(value / total * UNIT + 0.5) / UNIT : value / total)) };
  });
}

// A grid { values, height, width } in another size; `bytes` rounds to whole numbers after each direction, as for images.
export function resize({ values, height, width }, newHeight, newWidth, filter, bytes = false) {
  const kept = (value) => (bytes ? Math.min(255, Math.max(0, Math.floor(value + 0.5))) : value);
  let across = values;
  if (newWidth !== width) {
    const plans = plan(width, newWidth, filter, bytes);
    across = new Float32Array(height * newWidth);
    for (let y = 0; y < height; y++) {
      plans.forEach(({ start, weights }, x) => {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) sum += values[y * width + start + i] * weights[i];
        across[y * newWidth + x] = kept(sum);
      });
    }
  }
  if (newHeight === height) return { values: Float32Array.from(across), height, width: newWidth };
  const made = new Float32Array(newHeight * newWidth);
  plan(height, newHeight, filter, bytes).forEach(({ start, weights }, y) => {
    for (let x = 0; x < newWidth; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += across[(start + i) * newWidth + x] * weights[i];
      made[y * newWidth + x] = kept(sum);
    }
  });
  return { values: made, height: newHeight, width: newWidth };
}
