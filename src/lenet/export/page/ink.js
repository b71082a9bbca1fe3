"use strict";

// From strokes to the pixels that the network knows, as MNIST's own digits were made: the ink fills a box of 20 in a
// picture of 28, its shape kept, and its centre of mass is moved to the middle. The pen is as wide as theirs.
const ink = (() => {
  const BOX = 20 / 28;
  const PEN = 2.5 / 28; // MNIST's training digits have strokes of about 2.5 of 28 pixels
  const SMALLEST = 0.1; // of the canvas; what is smaller is a dot, and is not blown up to a digit

  // How much ink a pixel gets from a line of width `pen` at distance `d`: the edge is one pixel soft.
  const coverage = (d, pen) => Math.min(1, Math.max(0, pen / 2 + 0.5 - d));

  function squaredDistance(x, y, a, b) {
    const dx = b.x - a.x, dy = b.y - a.y, squared = dx * dx + dy * dy;
    const along = squared ? Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / squared)) : 0;
    const offX = x - a.x - along * dx, offY = y - a.y - along * dy;
    return offX * offX + offY * offY;
  }

  // Strokes in pixels → grey values 0…1.
  function draw(strokes, height, width, pen) {
    const grey = new Float32Array(height * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let nearest = Infinity;
        for (const points of strokes) {
          for (let i = 0; i < points.length; i++) {
            nearest = Math.min(nearest, squaredDistance(x, y, points[Math.max(0, i - 1)], points[i]));
          }
        }
        grey[y * width + x] = coverage(Math.sqrt(nearest), pen);
      }
    }
    return grey;
  }

  const place = (strokes, scale, left, top) =>
    strokes.map((points) => points.map(({ x, y }) => ({ x: x * scale + left, y: y * scale + top })));

  // Strokes with x and y in 0…1 of the canvas → grey values 0…255, `height` rows of `width`; null for no ink.
  function toPixels(strokes, height, width) {
    const points = strokes.flat();
    if (!points.length) return null;
    const xs = points.map((point) => point.x), ys = points.map((point) => point.y);
    const [left, right] = [Math.min(...xs), Math.max(...xs)], [top, bottom] = [Math.min(...ys), Math.max(...ys)];
    const side = Math.min(height, width), pen = PEN * side;
    const scale = (BOX * side - pen) / Math.max(right - left, bottom - top, SMALLEST);
    const [middleX, middleY] = [width / 2, height / 2];
    const boxed = place(strokes, scale, middleX - (left + right) / 2 * scale, middleY - (top + bottom) / 2 * scale);

    const first = draw(boxed, height, width, pen);
    let total = 0, massX = 0, massY = 0;
    first.forEach((value, i) => {
      total += value;
      massX += value * (i % width);
      massY += value * Math.floor(i / width);
    });
    const centred = place(boxed, 1, middleX - massX / total, middleY - massY / total);
    return Uint8Array.from(draw(centred, height, width, pen), (value) => Math.round(value * 255));
  }

  return { toPixels };
})();
