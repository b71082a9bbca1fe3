// A second network beside the first, at the answer: two verdicts, and bars in two colours and patterns. It is the one that is
// training, or the one that is pinned.

import { make } from "../../core/elements.js";
import { emit, lab, on } from "../../core/lab.js";
import { readInk } from "../../core/reading.js";
import { percent } from "../../core/words.js";
import { button, whenSpoken, words } from "./elements.js";

const ROWS = 10;
const NO_DIGIT = "not a digit"; // the server's name of that class
let growing = null; // { name, drawing: { probabilities: { label: share }, unknown } }, while it trains
const verdicts = make("div", { className: "verdicts" });
const line = make("p", { id: "second", hidden: true }); // at the pad
const bars = make("ul", { className: "two-bars" });
const whole = make("div", { className: "beside card", hidden: true });

const sharesOf = ({ description }, result) =>
  Object.fromEntries(description.classNames.map((name, i) => [name, result.probabilities[i]]));

const answerOf = (network, result) => ({ name: network.name, answer: result && { probabilities: sharesOf(network, result), unknown: result.unknown } });

function both() {
  if (!lab.network || !(growing ?? lab.pinned) || (!growing && lab.pinned === lab.network)) return null;
  const first = answerOf(lab.network, lab.result);
  if (growing) return [first, { name: growing.name, answer: lab.image && growing.drawing }];
  const marks = lab.ink ? readInk(lab.pinned, lab.ink, lab.centre) : [];
  return [first, answerOf(lab.pinned, marks[lab.chosen]?.result ?? null)];
}

const labelOf = (name) => (name === NO_DIGIT ? words().noDigit : name);

function verdict({ name, answer }, which) {
  const entries = Object.entries(answer?.probabilities ?? {});
  const [label, share] = entries.reduce((best, entry) => (entry[1] > best[1] ? entry : best), ["", -1]);
  const shown = answer ? (answer.unknown ? "?" : labelOf(label)) : "–";
  return make("span", { className: `verdict-of ${which}` },
    make("i", { className: "swatch", "aria-hidden": "true" }), make("strong", { textContent: shown }), " ",
    make("span", { className: "sure", textContent: answer ? (answer.unknown ? words().unknown : percent(share)) : "" }), " ",
    make("span", { className: "of", textContent: name }));
}

function bar(which, share) {
  const element = make("span", { className: `bar ${which}` });
  element.style.setProperty("--share", share ?? 0);
  return element;
}

const value = (shares, name) => make("span", { textContent: name in shares ? percent(shares[name]) : "–" });

const row = (name, first, second) => make("li", {},
  make("span", { className: "name", textContent: labelOf(name) }),
  make("span", { className: "two", "aria-hidden": "true" }, bar("first", first[name]), bar("second", second[name])),
  make("span", { className: "value" }, value(first, name), make("span", { className: "only-heard", textContent: ", " }), value(second, name)));

function show() {
  const pair = both();
  whole.hidden = line.hidden = !pair;
  document.getElementById("answer").classList.toggle("compared", Boolean(pair));
  if (!pair) return;
  const [first, second] = pair.map(({ answer }) => answer?.probabilities ?? {});
  line.replaceChildren(verdict(pair[1], "second"));
  verdicts.replaceChildren(verdict(pair[0], "first"), verdict(pair[1], "second"));
  const own = lab.network.description.classNames, others = growing ? [] : lab.pinned.description.classNames;
  const most = (name) => Math.max(first[name] ?? 0, second[name] ?? 0);
  let names = [...new Set([...own, ...others, ...Object.keys(second)])];
  if (names.length > ROWS) names = names.sort((a, b) => most(b) - most(a)).slice(0, ROWS);
  bars.replaceChildren(...names.map((name) => row(name, first, second)));
}

// The network that is training, as it reads the drawing; null when it is over.
export function showGrowing(name, drawing) {
  growing = name === null ? null : { name, drawing };
  unpin.hidden = Boolean(growing);
  show();
}

export function pin(network) {
  lab.pinned = network;
  emit("pinned");
}

const unpin = button((say) => say.unpin, () => pin(null), { className: "unpin" });

// The bars stand in the tab that is open.
export const placeBars = (place) => place.append(whole);

export function startBeside() {
  document.getElementById("line").after(line);
  whole.append(verdicts, bars, unpin);
  for (const event of ["drawing", "network", "pinned"]) on(event, show);
  whenSpoken(show);
}
