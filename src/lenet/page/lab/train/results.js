// Finished trainings: how well each does, what was changed, whether the difference is more than chance, and what to do with it.

import { make } from "../../core/elements.js";
import { chooseNetwork, lab, loadNetwork, on } from "../../core/lab.js";
import { show as showOnPad } from "../../core/pad.js";
import { paintImage } from "../../core/paint.js";
import { count, percent } from "../../core/words.js";
import { compare } from "../api.js";
import { pin } from "./beside.js";
import { whenSpoken, words } from "./elements.js";
import { download } from "./requests.js";

const list = make("div", { className: "results" });
const results = []; // { name, set: the setup, done, other: name of the compared one, compared, open }

// The setup of a network that was trained here, on MNIST alone.
const setOf = (name) => results.find((result) => result.name === name && result.set.kind === "mnist")?.set ?? null;

// What differs between two setups, in words.
function changes(set, other) {
  const say = words(), mine = set.network.split(", "), theirs = other.network.split(", "), list = [];
  if (mine.length === theirs.length) {
    mine.forEach((layer, i) => { if (layer !== theirs[i]) list.push(say.layerChanged(i + 1, theirs[i], layer)); });
  } else list.push(say.networkChanged(theirs.join(", "), mine.join(", ")));
  if (set.images !== other.images) list.push(say.imagesChanged(count(other.images), count(set.images)));
  if (set.recipe !== other.recipe) list.push(say.recipeChanged(say.recipes[other.recipe], say.recipes[set.recipe]));
  if (set.epochs !== other.epochs) list.push(say.epochsChanged(say.epochsOf(other.epochs), say.epochsOf(set.epochs)));
  if (set.framing !== other.framing) list.push(say.centringChanged(set.framing === "mark"));
  return list.length ? say.changed(list) : say.nothingChanged;
}

const action = (text, click, more = {}) => make("button", { type: "button", textContent: text, onclick: click, ...more });

function beforeAfter({ before, after }) {
  const say = words(), row = (name, from, to) => make("tr", {}, make("th", { scope: "row", textContent: name }),
    ...[from, to].map(([right, n]) => make("td", { textContent: say.share(percent(right / n, 2), count(right), count(n)) })));
  return make("table", { className: "before-after" },
    make("tr", {}, make("td"), make("th", { scope: "col", textContent: say.before }), make("th", { scope: "col", textContent: say.after })),
    row(say.yourDrawings, before.drawn, after.drawn), row(say.testDigits, before.test, after.test));
}

function disagreement({ image, label, read }, [first, second]) {
  const canvas = make("canvas", { "aria-hidden": "true" }), text = words().disagree(label, first, read[0], second, read[1]);
  paintImage(canvas, image);
  return make("button", { type: "button", className: "thumbnail", title: text, "aria-label": text, onclick: () => showOnPad(image) },
    canvas, make("span", { textContent: `${read[0]} | ${read[1]}`, "aria-hidden": "true" }));
}

function comparison(result) {
  const say = words(), { compared } = result;
  if (!compared) return [];
  if (!compared.right) return [make("p", { textContent: compared.error ?? say.notComparable })];
  const pair = [result.name, result.other], digits = compared.disagree.map((digit) => disagreement(digit, pair));
  const shown = make("div", { className: "disagreements", hidden: !result.open }, ...digits);
  const toggle = action(say.showDisagree, () => {
    result.open = shown.hidden;
    shown.hidden = !shown.hidden;
    toggle.setAttribute("aria-expanded", String(result.open));
  }, { "aria-expanded": String(Boolean(result.open)) });
  const other = setOf(result.other);
  return [
    make("p", { className: "changed", textContent: other ? changes(result.set, other) : say.trainedElsewhere(result.other) }),
    make("p", { className: "chance", textContent: say.chance[compared.code](...compared.right.map(count), count(compared.n), compared.only.map(count)) }),
    ...(compared.disagree.length ? [toggle, shown] : []),
  ];
}

// The network that was in use stays beside it.
async function use(name) {
  const before = lab.network;
  await chooseNetwork(name);
  pin(before);
}

function choose(result) {
  const others = [...document.querySelectorAll("#model option")].map(({ value }) => value).filter((name) => name !== result.name);
  const element = make("select", {}, ...others.map((name) => new Option(name, name)));
  element.value = result.other;
  element.addEventListener("change", () => compareWith(result, element.value));
  return make("label", { className: "field" }, make("span", { textContent: words().comparedWith }), element);
}

function card(result, index) {
  const say = words(), { name, done, set } = result, pinned = lab.pinned?.name === name, isUsed = lab.network?.name === name, share = percent(done.accuracy, 2);
  const interval = done.interval.map((end) => percent(end, 2)), { code, low, high } = done.verdict;
  return make("details", { className: "result", open: index === 0 },
    make("summary", {}, make("strong", { textContent: name }), make("span", { textContent: ` ${share}` })),
    make("p", { className: "accuracy", textContent: say.accuracyOf(share, count(done.correct), count(done.n), ...interval) }),
    ...(done.before ? [beforeAfter(done)] : []),
    ...(done.before && done.after.drawn[0] <= done.before.drawn[0] ? [make("p", { className: "nothing", textContent: say.nothingLearnt })] : []),
    ...(set.kind === "signs" ? [make("p", { textContent: say.verdicts[code](percent(low, 0), percent(high, 0)) })] : []),
    ...(result.other ? [choose(result), ...comparison(result)] : []),
    make("div", { className: "tools" },
      action(say.use, () => use(name), { disabled: isUsed }),
      action(pinned ? say.unpin : say.pin, async () => pin(pinned ? null : await loadNetwork(name)), { disabled: isUsed && !pinned }),
      make("a", { className: "button", textContent: say.downloadPage, href: download(name, "html"), download: `${name}.html` }),
      make("a", { className: "button", textContent: say.downloadModel, href: download(name, "onnx"), download: `${name}.onnx` })));
}

function show() {
  const focused = [...list.querySelectorAll("button, select, a, summary")].indexOf(document.activeElement);
  list.replaceChildren(...results.map(card));
  list.hidden = !results.length;
  if (focused >= 0) [...list.querySelectorAll("button, select, a, summary")][focused]?.focus();
}

async function compareWith(result, other) {
  Object.assign(result, { other, compared: null });
  const compared = await compare(result.name, other).catch(({ message }) => ({ error: message }));
  if (result.other !== other) return; // another was chosen in the meantime
  result.compared = compared;
  show();
}

// A finished training with its setup; it is compared with the one before, or with the network in use.
export function addResult(done, set) {
  const other = results.find((result) => result.set.kind === "mnist")?.name ?? lab.network.name;
  results.unshift({ name: done.name, set, done, other: set.kind === "mnist" ? other : null, compared: null });
  show();
  if (set.kind === "mnist") compareWith(results[0], other);
}

export function startResults() {
  for (const event of ["network", "pinned"]) on(event, show);
  whenSpoken(show);
  return list;
}
