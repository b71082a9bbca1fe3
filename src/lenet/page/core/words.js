// The words of the page in both languages, and the present language. Each part of the page adds its own.

import { emit } from "./lab.js";

const words = {
  en: {
    language: "中文",
    themes: { system: "Auto", light: "Light", dark: "Dark" },
    theme: (name) => `Colours: ${name}`,
    draw: "Draw",
    pad: "Drawing area",
    hints: ["Draw a digit here", "Draw a character here", "Draw a picture here"],
    padHelp: "Mouse, pen or finger. By keyboard: arrow keys move, Space puts the pen down and lifts it, Ctrl+Z undoes, Ctrl+Y redoes, Delete clears.",
    undo: "Undo",
    redo: "Redo",
    clear: "Clear",
    brush: "Pen",
    answer: "Answer",
    bars: "Probability of each class; choose one to see why",
    loading: "Loading the network …",
    nothing: "Nothing drawn",
    nothingHint: "The answer comes while you draw.",
    known: (name) => `This is ${name}`,
    unsure: (name, other) => `Perhaps ${name}, perhaps ${other}`,
    unknown: ["This looks like no digit", "This looks like none of the characters", "This looks like none of the classes"],
    unknownHint: (name) => `The nearest is ${name}.`,
    best: (list) => list.map(([name, share]) => `${name} with ${share}`).join(", ") + ".",
    sure: "sure",
    doubtful: "not sure",
    none: "unknown",
    several: (digits) => `${["", "", "Two", "Three", "Four"][digits.length] ?? digits.length} marks: ${digits.join(", ")}`,
    severalHint: "Choose one to see its probabilities.",
    marks: "Marks on the pad",
    sees: "What the network sees",
    seen: "The image that the network gets",
    centre: "Centre and scale",
    centreWhy: "Training digits were all 20 pixels large and centred. Switch this off and draw in a corner.",
    heat: "The same image, coloured by what speaks for the answer and against it",
    why: (name) => `Why ${name}?`,
    whyText: (name) => `Blue speaks for ${name}, orange against it. Choose a bar to see why it is not that class.`,
    whyNot: (name) => `Why not ${name}?`,
    whyNotText: (name, other) => `Blue speaks for ${name} rather than ${other}, orange the other way round.`,
    whyEmpty: "Why this answer?",
    whyEmptyText: "Draw something to see which strokes the answer rests on.",
  },
  zh: {
    language: "English",
    themes: { system: "自动", light: "浅色", dark: "深色" },
    theme: (name) => `配色：${name}`,
    draw: "书写",
    pad: "画板",
    hints: ["在这里写一个数字", "在这里写一个字符", "在这里画一幅图"],
    padHelp: "可用鼠标、笔或手指。键盘：方向键移动，空格键落笔和抬笔，Ctrl+Z 撤销，Ctrl+Y 重做，Delete 清除。",
    undo: "撤销",
    redo: "重做",
    clear: "清除",
    brush: "笔粗",
    answer: "结果",
    bars: "各类别的概率；选择一项可查看原因",
    loading: "正在载入网络……",
    nothing: "还没有写",
    nothingHint: "边写边出结果。",
    known: (name) => `这是 ${name}`,
    unsure: (name, other) => `可能是 ${name}，也可能是 ${other}`,
    unknown: ["这不像数字", "这不像任何一个字符", "这不像任何一个类别"],
    unknownHint: (name) => `最接近的是 ${name}。`,
    best: (list) => list.map(([name, share]) => `${name}：${share}`).join("，") + "。",
    sure: "有把握",
    doubtful: "不太确定",
    none: "未知",
    several: (digits) => `共 ${digits.length} 个字：${digits.join("、")}`,
    severalHint: "选择其中一个，查看它的概率。",
    marks: "画板里的各个字",
    sees: "网络看到的图像",
    seen: "网络得到的图像",
    centre: "居中并缩放",
    centreWhy: "训练用的数字都是 20 像素大小，位于正中。关掉这个开关，在角落里写写看。",
    heat: "同一图像，按各处对结果的支持或反对着色",
    why: (name) => `为什么是 ${name}？`,
    whyText: (name) => `蓝色支持 ${name}，橙色反对。选择其他类别，可查看为什么不是它。`,
    whyNot: (name) => `为什么不是 ${name}？`,
    whyNotText: (name, other) => `蓝色更支持 ${name} 而非 ${other}，橙色则相反。`,
    whyEmpty: "为什么是这个结果？",
    whyEmptyText: "写点什么，就能看到结果取决于哪些笔画。",
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
function speakIn(root) {
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
