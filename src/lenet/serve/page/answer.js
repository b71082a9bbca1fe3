// The answer: the class, the best three in words, a bar for each class; and "That's wrong".

import { collect } from "./api.js";
import { percent, say } from "./settings.js";

const find = (id) => document.getElementById(id);
const SHOWN = 10; // classes, when a model has more
const UNSURE = 0.6;
let names = [];
let last = null; // the answer shown, and the drawing

function verdict(answer) {
  if (!answer || answer.empty) return { digit: "", said: say().nothing, best: say().nothingHint };
  const [[first, share], [second] = []] = answer.top;
  if (answer.unknown) return { digit: "?", said: say().unknown, best: say().unknownHint(first) };
  const said = share < UNSURE && second !== undefined ? say().unsure(first, second) : say().known(first);
  return { digit: first, said, best: say().best(answer.top.map(([name, value]) => [name, percent(value)])) };
}

function span(name, text = "") {
  const element = document.createElement("span");
  element.className = name;
  element.textContent = text;
  return element;
}

// The elements are reused, so that changes of the bars are animated.
function makeBars(shown) {
  const list = find("bars");
  if (list.children.length === shown.length) return;
  list.replaceChildren(...shown.map(() => {
    const item = document.createElement("li");
    item.append(span("name"), span("bar"), span("value"));
    return item;
  }));
}

function drawBars(answer) {
  const shares = answer && !answer.empty ? answer.probabilities : null;
  let shown = names;
  if (names.length > SHOWN) {
    shown = shares ? [...names].sort((a, b) => shares[b] - shares[a]).slice(0, SHOWN) : names.slice(0, SHOWN);
  }
  makeBars(shown);
  shown.forEach((name, i) => {
    const item = find("bars").children[i], [title, bar, value] = item.children;
    title.textContent = name;
    bar.style.setProperty("--share", shares ? shares[name] : 0);
    value.textContent = shares ? percent(shares[name]) : "–";
    item.className = shares && !answer.unknown && name === answer.label ? "best" : "";
  });
}

// Show an answer; `asked` is what was sent, { pixels, centre }.
export function showAnswer(answer, asked) {
  last = { answer, asked };
  const { digit, said, best } = verdict(answer);
  find("answer").classList.toggle("empty", !answer || answer.empty);
  find("answer").classList.toggle("unknown", Boolean(answer?.unknown));
  find("digit").textContent = digit;
  find("said").textContent = said;
  find("best").textContent = best;
  drawBars(answer);
  find("wrong-open").disabled = !answer || answer.empty;
  if (find("wrong-open").disabled) openWrong(false);
}

// For screen readers: only at the end of a stroke.
export const speakAnswer = () => {
  const { said, best } = verdict(last?.answer);
  find("spoken").textContent = `${said}. ${best}`;
};

export function retellAnswer() {
  find("spoken").textContent = "";
  if (last) showAnswer(last.answer, last.asked);
}

function openWrong(open) {
  find("wrong-labels").hidden = !open;
  find("wrong-open").setAttribute("aria-expanded", String(open));
}

async function keep(name) {
  const { pixels, centre } = last.asked;
  openWrong(false);
  find("wrong-open").focus();
  await collect(pixels, centre, name);
  find("spoken").textContent = find("best").textContent = say().kept(name);
}

// Whether corrections are collected.
export const showCollects = (collects) => { find("wrong").hidden = !collects; };

export function startAnswer(classNames) {
  names = classNames;
  find("bars").replaceChildren();
  find("wrong-labels").replaceChildren(...names.map((name) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => keep(name).catch(() => {})); // the notice says why
    return button;
  }));
  showAnswer(null, null);
}

find("wrong-open").addEventListener("click", () => openWrong(find("wrong-labels").hidden));
