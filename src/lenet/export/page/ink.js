"use strict";

// From strokes to pixels as the network takes them: framed as a mark, or the whole drawing.
const ink = (() => {
  // A mark is brought to the form of MNIST's digits: the ink fills a box of 20 in a picture of 28, its proportions
  // kept, and its centre of mass is in the middle. The pen is as wide as theirs.
  const BOX = 20 / 28;
  const PEN = 2.5 / 28; // MNIST's training digits have strokes of about 2.5 of 28 pixels
  const SMALLEST = 0.1; // of the canvas; a smaller drawing is a dot, and is not enlarged to a digit
  const CANVAS_PEN = 0.06; // width of the lines on the canvas, as a share of its side

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

  function frameMark(strokes, height, width) {
    const points = strokes.flat();
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
    return draw(centred, height, width, pen);
  }

  // The square canvas as large as the picture allows, in the middle.
  function letterbox(strokes, height, width) {
    const side = Math.min(height, width);
    // Pixel 0 covers 0…1, so its middle is at a half.
    const placed = place(strokes, side, (width - side) / 2 - 0.5, (height - side) / 2 - 0.5);
    return draw(placed, height, width, CANVAS_PEN * side);
  }

  // Strokes with x and y in 0…1 of the canvas → pixels 0…255, `height` rows of `width` times `depth`; null for no ink.
  // Grey networks take bright ink on black, colour networks black ink on white.
  function toPixels(strokes, { height, width, depth, framing }) {
    if (!strokes.length) return null;
    const grey = (framing === "mark" ? frameMark : letterbox)(strokes, height, width);
    return Uint8Array.from({ length: grey.length * depth }, (_, i) => {
      const value = Math.round(grey[Math.floor(i / depth)] * 255);
      return depth === 1 ? value : 255 - value;
    });
  }

  return { toPixels };
})();
