// Three tabs.

import { emit, lab } from "../core/lab.js";
import { asked, write } from "./address.js";

const TABS = ["try", "inside", "train"];
const find = (id) => document.getElementById(id);

function show(tab) {
  lab.tab = tab;
  document.body.dataset.tab = tab;
  for (const name of TABS) {
    find(name).hidden = name !== tab;
    find(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
    find(`tab-${name}`).tabIndex = name === tab ? 0 : -1;
  }
  emit("tab");
}

export function chooseTab(tab) {
  if (lab.tab === tab) return;
  show(tab);
  write(true);
}

export function startTabs() {
  for (const tab of TABS) find(`tab-${tab}`).addEventListener("click", () => chooseTab(tab));
  find("tabs").addEventListener("keydown", (event) => {
    const last = TABS.length - 1, now = TABS.indexOf(lab.tab);
    const next = { ArrowRight: (now + 1) % TABS.length, ArrowLeft: (now + last) % TABS.length, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    chooseTab(TABS[next]);
    find(`tab-${TABS[next]}`).focus();
    event.preventDefault();
  });
  for (const event of ["hashchange", "popstate"]) addEventListener(event, () => show(asked().tab));
  show(asked().tab);
}
