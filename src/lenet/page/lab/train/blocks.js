// The network as blocks: a row for each layer with its settings, its place and its shape; and the same as text.

import { make } from "../../core/elements.js";
import { count } from "../../core/words.js";
import { ACTIVATIONS, POOLS, check, format, isActivation, isPool } from "./architecture.js";
import { button, said, whenSpoken, words } from "./elements.js";
import { drawShape } from "./shape.js";

const NEW = {
  conv: { kind: "conv", filters: 16, size: 3 },
  relu: { kind: "relu" },
  maxpool: { kind: "maxpool", size: 2 },
  dense: { kind: "dense", units: 64 },
};
const INPUT = [28, 28, 1];

let layers = [];
let classes = 10;
let checked = null; // what `check` says about the text that stands there
let changed = () => {};
const rows = make("ol", { className: "blocks" });
const text = make("textarea", { rows: 2, spellcheck: false, className: "network-text", id: "network-text", oninput: readText });
const total = make("p", { className: "total", role: "status" });

export const network = () => text.value.trim();
export const isNetwork = (wanted) => wanted !== null && !check(wanted, INPUT, classes).fault;
export const fault = () => checked.fault ?? null;

const typeOf = (layer) => (isActivation(layer) ? "activation" : isPool(layer) ? "pool" : layer.kind);

function numberField(layer, key, name, most) {
  return make("input", {
    type: "number", min: 1, max: most, value: layer[key], "aria-label": name, inputMode: "numeric", required: true,
    oninput: ({ target }) => change(layer, key, target.value === "" ? "?" : target.value),
  });
}

function choice(layer, key, name, values, textOf) {
  const options = values.includes(layer[key]) ? values : [...values, layer[key]].sort((a, b) => a - b);
  const element = make("select", { "aria-label": name }, ...options.map((value) => new Option(textOf(value), value)));
  element.value = layer[key];
  element.addEventListener("change", () => change(layer, key, typeof layer[key] === "number" ? Number(element.value) : element.value));
  return element;
}

function fieldsOf(layer, number) {
  const say = words(), square = (size) => `${size}×${size}`;
  if (layer.kind === "conv") {
    const more = [layer.stride > 1 && say.stride(layer.stride), layer.valid && say.valid].filter(Boolean).join(", ");
    const filters = numberField(layer, "filters", say.filtersOf(number), 999), sizes = [1, 2, 3, 4, 5, 7, 9];
    return [filters, make("span", { textContent: say.filters }), choice(layer, "size", say.kernelOf(number), sizes, square), more];
  }
  if (layer.kind === "dense") return [numberField(layer, "units", say.unitsOf(number), 9999), say.units];
  if (isPool(layer)) {
    return [choice(layer, "kind", say.poolOf(number), POOLS, (kind) => say.pools[kind]), choice(layer, "size", say.sizeOf(number), [2, 3, 4], square)];
  }
  return [choice(layer, "kind", say.activationOf(number), ACTIVATIONS, (kind) => say.activations[kind])];
}

function move(index, step) {
  const [layer] = layers.splice(index, 1);
  layers.splice(index + step, 0, layer);
  build(index + step, step < 0 ? ".up" : ".down");
}

function remove(index) {
  layers.splice(index, 1);
  build(Math.min(index, layers.length - 1), ".delete");
}

// Where a network usually has it: convolutions and pooling before the first dense layer.
function add(layer) {
  const dense = layers.findIndex(({ kind }) => kind === "dense");
  const place = ["conv", "maxpool"].includes(layer.kind) && dense >= 0 ? dense : layers.length;
  layers.splice(place, 0, { ...layer });
  build(place, "input, select");
}

function signButton(name, sign, label, click, disabled = false) {
  return make("button", { type: "button", className: name, textContent: sign, "aria-label": label, title: label, disabled, onclick: click });
}

function row(layer, index) {
  const say = words(), number = index + 1, name = say.kinds[typeOf(layer)];
  return make("li", { className: `block ${typeOf(layer)}` },
    make("span", { className: "shape", "aria-hidden": "true" }),
    make("strong", { textContent: name }),
    make("span", { className: "settings" }, ...fieldsOf(layer, number)),
    make("span", { className: "gives" }),
    make("span", { className: "moves" },
      signButton("up", "↑", say.up(number, name), () => move(index, -1), index === 0),
      signButton("down", "↓", say.down(number, name), () => move(index, 1), index === layers.length - 1),
      signButton("delete", "×", say.remove(number, name), () => remove(index))));
}

function plainRow(kind) {
  return make("li", { className: `block ${kind}` },
    make("span", { className: "shape", "aria-hidden": "true" }), make("strong", { textContent: words().kinds[kind] }),
    make("span", { className: "settings" }), make("span", { className: "gives" }), make("span", { className: "moves" }));
}

// New rows; the focus goes to an element of row `index`, so that it is not lost.
function build(index = null, focus = "") {
  rows.replaceChildren(plainRow("picture"), ...layers.map(row), plainRow("classes"));
  if (index !== null) {
    const at = rows.children[index + 1], wanted = at.querySelector(focus);
    (wanted && !wanted.disabled ? wanted : at.querySelector("button:enabled, input, select") ?? text).focus();
  }
  text.value = format(layers);
  update();
}

function change(layer, key, value) {
  layer[key] = value;
  text.value = format(layers);
  update();
}

// The text was edited: the blocks follow as soon as it is a network.
function readText() {
  const read = check(network(), INPUT, classes);
  if (!read.fault) {
    ({ layers } = read);
    build();
  } else update();
}

function update() {
  const say = words();
  checked = check(network(), INPUT, classes);
  const { fault: wrong, placed } = checked;
  total.textContent = wrong ? say.faults[wrong.code](wrong) : say.total(count(checked.parameters));
  total.classList.toggle("wrong", Boolean(wrong));
  text.setAttribute("aria-invalid", Boolean(wrong));
  [...rows.children].forEach((item, i) => {
    item.classList.toggle("wrong", wrong?.number === i);
    if (wrong) return;
    const { output, parameters } = i === 0 ? { output: INPUT, parameters: 0 } : placed[i - 1];
    item.querySelector(".gives").replaceChildren(make("b", { textContent: output.join("×") }), parameters ? say.parameters(count(parameters)) : "");
    drawShape(item.querySelector(".shape"), output);
  });
  changed();
}

export function showNetwork(wanted) {
  text.value = wanted;
  ({ layers } = check(wanted, INPUT, classes));
  build();
}

export function setClasses(number) {
  if (classes === Math.max(2, number)) return;
  classes = Math.max(2, number);
  update();
}

// The editor; `listener` is called after each change.
export function startBlocks(wanted, listener) {
  text.value = wanted;
  ({ layers } = check(wanted, INPUT, classes));
  const adding = make("div", { className: "adding", role: "group" }, said("span", (say) => say.add),
    ...Object.values(NEW).map((layer) => button((say) => `+ ${say.kinds[typeOf(layer)]}`, () => add(layer))));
  whenSpoken(() => {
    adding.setAttribute("aria-label", words().add);
    const written = text.value; // which may not be a network yet
    build();
    text.value = written;
    update();
  });
  changed = listener;
  const asText = make("label", { className: "as-text" }, said("span", (say) => say.asText), text);
  return make("div", { className: "editor" }, rows, adding, asText, total);
}
