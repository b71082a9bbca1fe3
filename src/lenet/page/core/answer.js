// The answer: the class, the best three in words, and a bar for each class.

import { lab, on } from "./lab.js";
import { percent, say } from "./words.js";

const find = (id) => document.getElementById(id);
const SHOWN = 10; // classes, when a network has more
const UNSURE = 0.6;

// A network's result in words: { digit, said, best, share, state }.
export function verdict(result, names) {
  if (!result) return { digit: "", said: say().nothing, best: say().nothingHint, share: 0, state: "empty" };
  const order = names.map((_, i) => i).sort((a, b) => result.probabilities[b] - result.probabilities[a]);
  const top = order.slice(0, 3).map((i) => [names[i], result.probabilities[i]]), [[first, share], [second]] = top;
  if (result.unknown) return { digit: "?", said: say().unknown, best: say().unknownHint(first), share: 0, state: "unknown" };
  const best = say().best(top.map(([name, value]) => [name, percent(value)]));
  if (share < UNSURE) return { digit: first, said: say().unsure(first, second), best, share, state: "unsure" };
  return { digit: first, said: say().known(first), best, share, state: "known" };
}

function span(name) {
  const element = document.createElement("span");
  element.className = name;
  return element;
}

// The elements are reused, so that changes of the bars are animated.
function makeBars(count) {
  const list = find("bars");
  if (list.children.length === count) return;
  list.replaceChildren(...Array.from({ length: count }, () => {
    const item = document.createElement("li");
    item.append(span("name"), span("bar"), span("value"));
    return item;
  }));
}

function drawBars(result, names) {
  let shown = names.map((_, i) => i);
  if (shown.length > SHOWN) {
    if (result) shown.sort((a, b) => result.probabilities[b] - result.probabilities[a]);
    shown = shown.slice(0, SHOWN);
  }
  const best = result && !result.unknown ? result.probabilities.indexOf(Math.max(...result.probabilities)) : -1;
  makeBars(shown.length);
  shown.forEach((index, i) => {
    const item = find("bars").children[i], [title, bar, value] = item.children;
    title.textContent = names[index];
    bar.style.setProperty("--share", result ? result.probabilities[index] : 0);
    value.textContent = result ? percent(result.probabilities[index]) : "–";
    item.className = index === best ? "best" : "";
  });
}

function show() {
  const names = lab.network?.description.classNames ?? [], { digit, said, best, share, state } = verdict(lab.result, names);
  document.body.dataset.verdict = state;
  find("digit").textContent = find("line-digit").textContent = digit;
  find("said").textContent = find("line-said").textContent = said;
  find("best").textContent = best;
  find("line-bar").style.setProperty("--share", share);
  drawBars(lab.result, names);
}

export function startAnswer() {
  on("drawing", show);
  on("language", show);
}
