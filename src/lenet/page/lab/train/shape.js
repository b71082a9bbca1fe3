// A small picture of a shape: maps one behind another, or a column of units.

const SVG = "http://www.w3.org/2000/svg";
const MAPS = 4; // shown of many

function rectangle(x, y, width, height) {
  const element = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ x, y, width, height, rx: 1.5 })) element.setAttribute(name, value);
  return element;
}

export function drawShape(place, shape) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 40 32");
  if (shape.length === 1) {
    const height = 6 + Math.min(24, 8 * Math.log10(shape[0]));
    picture.append(rectangle(17, 16 - height / 2, 6, height));
  } else {
    const [height, width, depth] = shape, scale = 18 / Math.max(28, height, width), shown = Math.min(MAPS, depth);
    const tall = Math.max(3, height * scale), wide = Math.max(3, width * scale), step = 3;
    const left = 20 - (wide + step * (shown - 1)) / 2, top = 16 - (tall - step * (shown - 1)) / 2;
    for (let i = shown - 1; i >= 0; i--) picture.append(rectangle(left + step * i, top - step * i, wide, tall));
  }
  place.replaceChildren(picture);
}
