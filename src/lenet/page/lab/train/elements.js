// Elements of the tab. Their texts follow the language.

import { make } from "../../core/elements.js";
import { on } from "../../core/lab.js";
import { say } from "../../core/words.js";

const spoken = [];
on("language", () => spoken.forEach((retell) => retell()));

export const words = () => say().train;

// `retell` is called when the page starts and whenever the language changes.
export const whenSpoken = (retell) => spoken.push(retell);

// An element that is there as long as the page; `text(words)` gives what it says.
export function said(tag, text, attributes = {}) {
  const element = make(tag, attributes);
  whenSpoken(() => { element.textContent = text(words()); });
  return element;
}

export function labelled(element, text) {
  whenSpoken(() => element.setAttribute("aria-label", text(words())));
  return element;
}

export const button = (text, click, attributes = {}) => said("button", text, { type: "button", onclick: click, ...attributes });

// A field with its name before it.
export const field = (text, element) => make("label", { className: "field" }, said("span", text), element);

// A menu of [value, text(words)].
export function menu(options, change, attributes = {}) {
  const element = make("select", { onchange: change, ...attributes });
  element.append(...options.map(([value, text]) => said("option", text, { value })));
  return element;
}
