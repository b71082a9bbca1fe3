// Numbers → pixels.

function paint(canvas, rows, colour) {
  const height = rows.length, width = rows[0].length;
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d"), image = pen.createImageData(width, height);
  rows.forEach((row, y) => row.forEach((value, x) => image.data.set(colour(value, y, x), 4 * (y * width + x))));
  pen.putImageData(image, 0, 0);
}

// An image in one row of bytes as rows, as the API has it.
export const rowsOf = (image, width, depth = 1) => {
  const pixel = (i) => (depth === 1 ? image[i] : Array.from(image.subarray(i * depth, (i + 1) * depth)));
  return Array.from({ length: image.length / width / depth }, (_, y) => Array.from({ length: width }, (_, x) => pixel(y * width + x)));
};

export const isColour = (image) => Array.isArray(image[0][0]);

// An image as the API gives it: rows of 0…255, shown white on black, or rows of [red, green, blue].
export const paintImage = (canvas, image) =>
  paint(canvas, image, (value) => (Array.isArray(value) ? [...value, 255] : [value, value, value, 255]));

const ORANGE = [255, 140, 40], BLUE = [70, 150, 255];
const highest = (rows) => rows.reduce((all, row) => row.reduce((most, value) => Math.max(most, Math.abs(value)), all), 0) || 1;

// Blue is positive, orange negative, as on the sheets of `lenet explain`; black is 0. All maps of a layer share one scale, `most`.
// Low values are raised a little, or one map of high values would leave the others dark. Undefined values stay empty.
export function paintSigned(canvas, rows, most = highest(rows)) {
  paint(canvas, rows, (value) => {
    if (value === undefined) return [0, 0, 0, 0];
    const share = Math.min(1, Math.abs(value) / most) ** 0.7, hue = value >= 0 ? BLUE : ORANGE;
    return [...hue.map((part) => part * share), 255];
  });
}

const brightness = (value) => (Array.isArray(value) ? (value[0] + value[1] + value[2]) / 3 : value);

// A value between those of the four nearest places; `y` and `x` are shares of the height and width.
function between(rows, y, x) {
  const within = (place, last) => Math.min(last, Math.max(0, place));
  const down = within(y * rows.length - 0.5, rows.length - 1), across = within(x * rows[0].length - 0.5, rows[0].length - 1);
  const top = Math.floor(down), left = Math.floor(across), bottom = Math.ceil(down), right = Math.ceil(across);
  const mix = (first, second, share) => first + (second - first) * share;
  return mix(mix(rows[top][left], rows[top][right], across - left), mix(rows[bottom][left], rows[bottom][right], across - left), down - top);
}

// The same as an overlay on the image. Low values are lowered a little: most places say next to nothing.
export function paintOver(canvas, rows, image) {
  const most = highest(rows), height = image.length, width = image[0].length;
  paint(canvas, image, (value, y, x) => {
    const found = between(rows, (y + 0.5) / height, (x + 0.5) / width), share = Math.min(1, Math.abs(found) / most) ** 1.3;
    const hue = found >= 0 ? BLUE : ORANGE, ink = 0.55 * brightness(value) * (1 - 0.6 * share);
    return [...hue.map((part) => Math.min(255, part * share + ink)), 255];
  });
}
