// The learning curve: loss, dashed, and accuracy, solid, over the steps.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320, HEIGHT = 130, LEFT = 4, RIGHT = 316, TOP = 14, BOTTOM = 118;

function svg(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

const line = (className, points) =>
  svg("polyline", { class: className, points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ") });

// `points` are { step, loss, accuracy }; `label` says their last values.
export function drawCurve(picture, points, steps, label) {
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  const most = Math.max(...points.map(({ loss }) => loss), 1e-9);
  const x = ({ step }) => LEFT + (RIGHT - LEFT) * step / steps, y = (share) => BOTTOM - (BOTTOM - TOP) * share;
  const grid = [0, 0.5, 1].map((share) => svg("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: y(share), y2: y(share) }));
  picture.replaceChildren(
    ...grid,
    line("loss", points.map((point) => [x(point), y(point.loss / most)])),
    line("accuracy", points.map((point) => [x(point), y(point.accuracy)])),
    svg("text", { x: LEFT, y: TOP - 4 }, "100 %"),
  );
  picture.setAttribute("aria-label", label);
}
