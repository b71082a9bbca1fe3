// Language and colours: those of the browser, unless others are chosen; the choice is stored.

import { on } from "./lab.js";
import { locale, say, speak } from "./words.js";

const THEMES = ["system", "light", "dark"];
const SIGNS = { system: "◐", light: "☀", dark: "☾" };
const find = (id) => document.getElementById(id);

// Storage may be forbidden; then a choice lasts until the page is closed.
export function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // not stored
  }
}

let theme = remembered("lenet.theme");
if (!THEMES.includes(theme)) theme = "system";
const told = () => document.dispatchEvent(new Event("themechange"));

function showTheme() {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  find("theme-sign").textContent = SIGNS[theme];
  find("theme-name").textContent = say().themes[theme];
  find("theme").setAttribute("aria-label", say().theme(say().themes[theme]));
  find("language").textContent = say().language;
  find("language").lang = locale() === "zh" ? "en" : "zh-CN";
}

export function startSettings() {
  find("language").addEventListener("click", () => {
    speak(locale() === "en" ? "zh" : "en");
    remember("lenet.language", locale());
  });
  find("theme").addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember("lenet.theme", theme);
    showTheme();
    told();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", told);
  on("language", showTheme);
  speak(remembered("lenet.language") ?? ((navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en"));
}
