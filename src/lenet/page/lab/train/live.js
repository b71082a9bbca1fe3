// A training while it runs: its curve, the kernels of its first layer, and 20 test digits as it reads them.

import { make } from "../../core/elements.js";
import { paintImage, paintSigned } from "../../core/paint.js";
import { count, percent } from "../../core/words.js";
import { drawCurve } from "./curve.js";
import { labelled, said, whenSpoken, words } from "./elements.js";

const curve = document.createElementNS("http://www.w3.org/2000/svg", "svg");
const kernels = make("div", { className: "kernels" });
const digits = make("ol", { className: "digits" });
const figures = make("p", { className: "figures" });
const right = make("figcaption");
const now = { accuracy: make("b"), loss: make("b") }; // their last values
const bar = make("progress", { max: 1, value: 0 });
let points = [];
let samples = []; // { image, label }
let last = null; // the last progress

const key = (name) => make("span", { className: `key ${name}` }, said("span", (say) => say[name]), " ", now[name]);

export function startLive() {
  curve.setAttribute("class", "curve");
  curve.setAttribute("role", "img");
  whenSpoken(tell);
  return make("div", { className: "live", hidden: true },
    labelled(bar, (say) => say.progress), figures,
    make("div", { className: "views" },
      make("figure", {}, curve, make("figcaption", {}, key("accuracy"), key("loss"))),
      make("figure", { className: "first" }, kernels, said("figcaption", (say) => say.kernels)),
      make("figure", {}, digits, right)));
}

export function clearLive() {
  points = [];
  last = null;
  bar.value = 0;
  kernels.replaceChildren();
  digits.replaceChildren();
  curve.replaceChildren();
  tell();
}

export function showStart({ samples: given }) {
  samples = given;
  digits.replaceChildren(...samples.map(({ image }) => {
    const canvas = make("canvas", { role: "img" });
    paintImage(canvas, image);
    return make("li", {}, canvas, make("span", { className: "read", "aria-hidden": "true" }));
  }));
  tell();
}

export function showProgress(progress) {
  last = progress;
  points = [...points.filter(({ step }) => step < progress.step), progress];
  bar.value = progress.step / progress.steps;
  if (progress.kernels) showKernels(progress.kernels);
  tell();
}

function showKernels(given) {
  while (kernels.children.length > given.length) kernels.lastChild.remove();
  while (kernels.children.length < given.length) kernels.append(make("canvas", { "aria-hidden": "true" }));
  given.forEach((rows, i) => paintSigned(kernels.children[i], rows));
}

function tell() {
  const say = words();
  kernels.parentElement?.toggleAttribute("data-empty", !kernels.children.length);
  figures.textContent = last ? say.step(count(last.step), count(last.steps)) : "";
  now.accuracy.textContent = last ? percent(last.accuracy) : "";
  now.loss.textContent = last ? last.loss.toFixed(3) : "";
  right.textContent = "";
  if (!last) return;
  drawCurve(curve, points, last.steps, `${say.accuracy} ${now.accuracy.textContent}, ${say.loss} ${now.loss.textContent}`);
  let correct = 0;
  last.samples.forEach((read, i) => {
    const item = digits.children[i], isRight = read === samples[i].label;
    correct += isRight;
    item.classList.toggle("right", isRight);
    item.lastChild.textContent = isRight ? `✓ ${read}` : read;
    item.firstChild.setAttribute("aria-label", say.sample(samples[i].label, read));
  });
  right.textContent = say.rightOf(correct, last.samples.length);
}
