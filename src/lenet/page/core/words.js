// The words of the page in both languages, and the present language. Each part of the page adds its own.

import { emit } from "./lab.js";

const words = {
  en: {
    language: "中文",
    themes: { system: "Auto", light: "Light", dark: "Dark" },
    theme: (name) => `Colours: ${name}`,
    draw: "Draw",
    pad: "Drawing area",
    hint: "Draw a digit here",
    padHelp: "Mouse, pen or finger. By keyboard: arrow keys move, Space puts the pen down and lifts it, Ctrl+Z undoes, Ctrl+Y redoes, Delete clears.",
    undo: "Undo",
    redo: "Redo",
    clear: "Clear",
    brush: "Pen",
    answer: "Answer",
    bars: "Probability of each class",
    nothing: "Nothing drawn",
    nothingHint: "The answer comes while you draw.",
    known: (name) => `This is ${name}`,
    unsure: (name, other) => `Perhaps ${name}, perhaps ${other}`,
    unknown: "This looks like none of the classes",
    unknownHint: (name) => `The nearest is ${name}.`,
    best: (list) => list.map(([name, share]) => `${name} with ${share}`).join(", ") + ".",
    seen: "The image that the network gets",
  },
  zh: {
    language: "English",
    themes: { system: "自动", light: "浅色", dark: "深色" },
    theme: (name) => `配色：${name}`,
    draw: "书写",
    pad: "书写区",
    hint: "在这里写一个数字",
    padHelp: "可用鼠标、笔或手指。键盘：方向键移动，空格键落笔和抬笔，Ctrl+Z 撤销，Ctrl+Y 重做，Delete 清除。",
    undo: "撤销",
    redo: "重做",
    clear: "清除",
    brush: "笔粗",
    answer: "结果",
    bars: "各类别的概率",
    nothing: "还没有写",
    nothingHint: "边写边出结果。",
    known: (name) => `这是 ${name}`,
    unsure: (name, other) => `可能是 ${name}，也可能是 ${other}`,
    unknown: "不像任何一个类别",
    unknownHint: (name) => `最接近的是 ${name}。`,
    best: (list) => list.map(([name, share]) => `${name}：${share}`).join("，") + "。",
    seen: "网络得到的图像",
  },
};

let language = "en";
export const locale = () => language;
// All words in the present language; those of a part are under its name: `say().train.start`.
export const say = () => words[language];

// `more` has `en` and `zh`; without `part`, the words join those of the page.
export function addWords(more, part = null) {
  for (const name of Object.keys(words)) Object.assign(words[name], part ? { [part]: more[name] } : more[name]);
}

export function speak(chosen) {
  language = chosen in words ? chosen : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = say().title;
  speakIn(document);
  emit("language");
}

// Fill the elements marked with data-word (their text) and data-label (their aria-label); "train.start" is a path.
export function speakIn(root) {
  const find = (path) => path.split(".").reduce((value, name) => value[name], say());
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = find(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", find(element.dataset.label));
}

// Shares that only round to 100 % or 0 % are shown as >99.9 % or <0.1 %.
export function percent(share, digits = 1) {
  const least = 0.5 * 10 ** (-2 - digits);
  if (share > 1 - least && share < 1) return `>${(100 - 10 ** -digits).toFixed(digits)} %`;
  if (share < least && share > 0) return `<${(10 ** -digits).toFixed(digits)} %`;
  return `${(share * 100).toFixed(digits)} %`;
}
export const count = (number) => number.toLocaleString(language);
