// The weights of the file: 8-bit integers with one scale for each filter or unit, as Base64 in #weights.

const read = (id) => document.getElementById(id).textContent.trim();

export const description = JSON.parse(read("model"));

export function kernels() {
  const bytes = atob(read("weights")), made = new Float32Array(bytes.length);
  for (const { kernel, scale, input, size = 1 } of description.layers) {
    if (!scale) continue;
    const end = kernel + size * size * input.at(-1) * scale.length;
    for (let i = kernel; i < end; i++) made[i] = (bytes.charCodeAt(i) << 24 >> 24) * scale[(i - kernel) % scale.length];
  }
  return made;
}
