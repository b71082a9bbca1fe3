// Maps → pixels, one for each number.

const ORANGE = [255, 140, 40], BLUE = [70, 150, 255], GREY = [255, 255, 255];

// Blue is positive, orange negative, as on the sheets of `lenet explain`; black is 0. Low values are raised a little,
// or one high value would leave the others dark.
function colour(value, most) {
  const share = Math.min(1, Math.abs(value) / most) ** 0.7;
  return (value < 0 ? ORANGE : BLUE).map((part) => part * share);
}

// `colourAt(row, column)` gives [red, green, blue], or null for what stays empty.
function paint(canvas, rows, columns, colourAt) {
  canvas.width = columns;
  canvas.height = rows;
  const pen = canvas.getContext("2d"), image = pen.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const found = colourAt(row, column);
      if (found) image.data.set([...found, 255], 4 * (row * columns + column));
    }
  }
  pen.putImageData(image, 0, 0);
}

// One map, on the scale of all its layer's; only its first `filled` numbers.
export function paintMap(canvas, maps, map, filled = Infinity) {
  const { rows, columns } = maps;
  paint(canvas, rows, columns, (row, column) => {
    const value = row * columns + column < filled ? maps.at(map, row, column) : undefined;
    return value === undefined ? null : colour(value, maps.most);
  });
}

// The picture, with values from 0 to 1: in its colours, or one of its channels in grey.
export function paintPicture(canvas, maps, channel = null) {
  paint(canvas, maps.rows, maps.columns, (row, column) => {
    const value = (map) => maps.at(map, row, column) * 255;
    if (channel === null && maps.count === 3) return [0, 1, 2].map(value);
    return GREY.map(() => value(channel ?? 0));
  });
}

// A few rows of numbers; null is painted as 0.
export function paintRows(canvas, rows, most) {
  paint(canvas, rows.length, rows[0].length, (row, column) => colour(rows[row][column] ?? 0, most));
}
