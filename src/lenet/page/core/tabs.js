// Tabs: each shows the panel that its `aria-controls` names.

import { emit, lab } from "./lab.js";

const tabs = [...document.querySelectorAll("[role=tab]")];
const names = tabs.map((tab) => tab.getAttribute("aria-controls"));

export function showTab(name) {
  lab.tab = names.includes(name) ? name : names[0];
  document.body.dataset.tab = lab.tab;
  tabs.forEach((tab, i) => {
    const chosen = names[i] === lab.tab;
    document.getElementById(names[i]).hidden = !chosen;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  });
  emit("tab");
}

// `chosen` is called after somebody has chosen a tab.
export function startTabs(chosen = () => {}) {
  const choose = (i) => {
    if (names[i] === lab.tab) return;
    showTab(names[i]);
    chosen();
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(i));
    tab.addEventListener("keydown", (event) => {
      const last = tabs.length - 1;
      const next = { ArrowRight: (i + 1) % tabs.length, ArrowLeft: (i + last) % tabs.length, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      choose(next);
      tabs[next].focus();
      event.preventDefault();
    });
  });
}
