// Three tabs; the chosen one is in the address, so that refresh, Back and links work.

import { emit, lab } from "../core/lab.js";

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

const asked = () => TABS.find((tab) => location.hash.slice(1).split("&")[0] === tab) ?? "try";

export function chooseTab(tab) {
  if (asked() !== tab) history.pushState(null, "", `#${tab}`);
  show(tab);
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
  addEventListener("hashchange", () => show(asked()));
  show(asked());
}
