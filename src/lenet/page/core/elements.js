// Making elements.

// An element; `attributes` are properties, attributes with a hyphen, or `on…` listeners.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

// Arrow keys, Home and End move the focus within a group, of which Tab reaches one element only.
export function rove(group) {
  group.addEventListener("keydown", (event) => {
    const items = [...group.querySelectorAll("button")], now = items.indexOf(document.activeElement), last = items.length - 1;
    const next = { ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1, Home: 0, End: last }[event.key];
    if (next === undefined || now < 0) return;
    reach(group, Math.min(last, Math.max(0, next)));
    event.preventDefault();
  });
}

// The one element of a group that Tab reaches; it gets the focus if the group has it.
export function reach(group, index) {
  const items = [...group.querySelectorAll("button")], within = group.contains(document.activeElement);
  items.forEach((item, i) => { item.tabIndex = i === index ? 0 : -1; });
  if (within) items[index]?.focus();
}
