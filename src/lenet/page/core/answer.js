// The answer: the class in words, and a bar for each class; tap one to see why.

import { make } from "./elements.js";
import { choose, emit, lab, on } from "./lab.js";
import { percent, say } from "./words.js";

const find = (id) => document.getElementById(id);
const SHOWN = 10; // classes, when a network has more
const UNSURE = 0.6;
const LEAST = 0.001; // probability of another class that is shown

// What a network's classes are, for the words: 0 digits, 1 characters, 2 pictures.
export function kindOf({ classNames, framing }) {
  if (framing === "whole") return 2;
  return classNames.every((name) => /^[0-9]$/.test(name)) ? 0 : 1;
}
const kind = () => (lab.network ? kindOf(lab.network.description) : 0);

// Indices of the classes, the most probable first.
export const ranked = ({ probabilities }) => Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a]);

// One mark in words.
function verdict(result, names) {
  const order = ranked(result), [first, second] = order.map((i) => names[i]), share = result.probabilities[order[0]];
  if (result.unknown) return { digit: "?", said: say().unknown[kind()], best: say().unknownHint(first), short: say().none, share: 0, state: "unknown" };
  const top = order.slice(0, 3).filter((i, place) => place === 0 || result.probabilities[i] > LEAST);
  const best = say().best(top.map((i) => [names[i], percent(result.probabilities[i])]));
  if (share < UNSURE) return { digit: first, said: say().unsure(first, second), best, short: say().doubtful, share, state: "unsure" };
  return { digit: first, said: say().known(first), best, short: say().sure, share, state: "known" };
}

// All marks in words: { digit, said, best, short, share, state }.
export function verdictOf() {
  const nothing = { digit: "", said: say().nothing, best: say().nothingHint, short: say().nothing, share: 0, state: "empty" };
  if (!lab.network) return { ...nothing, said: say().loading, best: "", short: say().loading, state: "loading" };
  const names = lab.network.description.classNames, all = lab.marks.map(({ result }) => verdict(result, names));
  if (all.length < 2) return all[0] ?? nothing;
  const digits = all.map(({ digit }) => digit);
  return { ...all[lab.chosen], digit: digits.join(" "), said: say().several(digits), best: say().severalHint };
}

// The elements are reused, so that changes of the bars are animated and the focus stays.
function makeBars(count) {
  const list = find("bars");
  if (list.children.length === count) return;
  list.replaceChildren(...Array.from({ length: count }, () => {
    const button = make("button", { type: "button" }, ...["name", "bar", "value"].map((className) => make("span", { className })));
    button.addEventListener("click", () => {
      lab.why = lab.why === Number(button.dataset.index) ? null : Number(button.dataset.index);
      emit("why");
    });
    return make("li", {}, button);
  }));
}

function drawBars() {
  const { result } = lab, names = lab.network?.description.classNames ?? [], order = result ? ranked(result) : names.map((_, i) => i);
  const shown = names.length > SHOWN ? order.slice(0, SHOWN) : names.map((_, i) => i);
  makeBars(shown.length);
  shown.forEach((index, i) => {
    const item = find("bars").children[i], button = item.firstChild, [title, bar, value] = button.children, isBest = index === order[0];
    button.dataset.index = index;
    button.disabled = !result;
    title.textContent = names[index];
    bar.style.setProperty("--share", result ? result.probabilities[index] : 0);
    value.textContent = result ? percent(result.probabilities[index]) : "–";
    button.title = result ? (isBest ? say().why : say().whyNot)(names[index]) : "";
    button.setAttribute("aria-pressed", String(lab.why === index));
    item.className = result && !result.unknown && isBest ? "best" : "";
  });
}

function drawMarks() {
  const group = find("marks"), names = lab.network?.description.classNames ?? [];
  group.hidden = lab.marks.length < 2;
  if (group.children.length !== lab.marks.length) {
    group.replaceChildren(...lab.marks.map((_, i) => make("button", { type: "button", onclick: () => choose(i) })));
  }
  lab.marks.forEach(({ result }, i) => {
    group.children[i].textContent = verdict(result, names).digit;
    group.children[i].setAttribute("aria-pressed", String(i === lab.chosen));
  });
}

function show() {
  const { digit, said, best, short, share, state } = verdictOf();
  document.body.dataset.verdict = state;
  find("digit").textContent = find("line-digit").textContent = digit;
  find("digit").dataset.long = digit.length > 2;
  find("said").textContent = said;
  find("best").textContent = best;
  find("line-said").textContent = short;
  find("line-bar").style.setProperty("--share", share);
  find("hint").textContent = say().hints[kind()];
  drawMarks();
  drawBars();
}

// For screen readers: only at the end of a stroke.
export function speakAnswer() {
  const { said, best } = verdictOf();
  find("spoken").textContent = `${said}. ${best}`;
}

export function startAnswer() {
  on("drawing", () => {
    lab.why = null;
    show();
  });
  on("why", drawBars);
  on("language", () => {
    find("spoken").textContent = "";
    show();
  });
}
