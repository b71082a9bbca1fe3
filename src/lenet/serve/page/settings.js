// Language and colours: those of the browser, unless others are chosen; the choice is stored.

import { words } from "./words.js";

const THEMES = ["system", "light", "dark"];
const SIGNS = { system: "◐", light: "☀", dark: "☾" };
const find = (id) => document.getElementById(id);

// Storage may be forbidden; then the choice lasts until the page is closed.
function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // not stored
  }
}

let language = remembered("lenet.language");
if (!(language in words)) language = (navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
let theme = remembered("lenet.theme");
if (!THEMES.includes(theme)) theme = "system";
const listeners = [];

// The words of the present language.
export const say = () => words[language];
export const locale = () => language;

// `listener` is called now and whenever the language changes.
export function whenSpoken(listener) {
  listeners.push(listener);
  listener();
}

// Values that only round to 100 % or 0 % are shown as >99.9 % or <0.1 %.
export function percent(share, digits = 1) {
  const least = 0.5 * 10 ** (-2 - digits);
  if (share > 1 - least && share < 1) return `>${(100 - 10 ** -digits).toFixed(digits)} %`;
  if (share < least && share > 0) return `<${(10 ** -digits).toFixed(digits)} %`;
  return `${(share * 100).toFixed(digits)} %`;
}
export const count = (number) => number.toLocaleString(language);

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = say().title;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say()[element.dataset.word];
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say()[element.dataset.label]);
  find("language").textContent = say().language;
  find("language").lang = language === "zh" ? "en" : "zh-CN";
  showTheme();
  listeners.forEach((listener) => listener());
}

function showTheme() {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  find("theme-sign").textContent = SIGNS[theme];
  find("theme-name").textContent = say().themes[theme];
  find("theme").setAttribute("aria-label", say().theme(say().themes[theme]));
}

export function startSettings() {
  find("language").addEventListener("click", () => {
    language = language === "en" ? "zh" : "en";
    remember("lenet.language", language);
    speak();
  });
  find("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember("lenet.theme", theme);
    showTheme();
    document.dispatchEvent(new Event("themechange"));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("themechange")));
  speak();
}
