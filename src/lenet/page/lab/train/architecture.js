// The text form of a network, as `lenet.network.architecture` has it: its layers, their shapes, and its parameters.
//
// A layer is { kind, filters, size, stride, valid } for conv, { kind, size } for maxpool and avgpool, { kind, units } for
// dense, and { kind } for an activation. A fault is { code, number, text, … }: the page says it in its language.

export const ACTIVATIONS = ["relu", "tanh", "sigmoid"];
export const POOLS = ["maxpool", "avgpool"];
const FORMS = { conv: "conv FILTERS KERNEL_SIZE [stride N] [valid]", maxpool: "maxpool SIZE", avgpool: "avgpool SIZE", dense: "dense UNITS" };
const MOST_LAYERS = 64;
const MOST_WORK = 2e9; // multiplications for one image

export const isActivation = ({ kind }) => ACTIVATIONS.includes(kind);
export const isPool = ({ kind }) => POOLS.includes(kind);

class Fault extends Error {
  constructor(code, about) {
    super(code);
    this.about = { code, ...about };
  }
}

function formatLayer({ kind, filters, size, stride = 1, valid, units }) {
  if (kind === "conv") return `conv ${filters} ${size}${stride > 1 ? ` stride ${stride}` : ""}${valid ? " valid" : ""}`;
  if (kind === "dense") return `dense ${units}`;
  return isPool({ kind }) ? `${kind} ${size}` : kind;
}

export const format = (layers) => layers.map(formatLayer).join(", ");

function numbers(words, count, where) {
  if (words.length !== count) throw new Fault("form", { ...where, form: FORMS[where.kind] ?? where.kind });
  return words.map((word) => {
    if (!/^\d{1,7}$/.test(word) || Number(word) === 0) throw new Fault("number", { ...where, word });
    return Number(word);
  });
}

function parseLayer(text, number) {
  const [kind, ...words] = text.split(/\s+/), where = { number, text, kind };
  if (ACTIVATIONS.includes(kind)) {
    numbers(words, 0, where);
    return { kind };
  }
  if (kind === "conv") {
    const valid = words.at(-1) === "valid";
    if (valid || words.at(-1) === "same") words.pop();
    let stride = 1;
    if (words.length === 4 && words[2] === "stride") [stride] = numbers(words.splice(2).slice(1), 1, where);
    const [filters, size] = numbers(words, 2, where);
    return { kind, filters, size, stride, valid };
  }
  if (kind === "dense") return { kind, units: numbers(words, 1, where)[0] };
  if (POOLS.includes(kind)) return { kind, size: numbers(words, 1, where)[0] };
  throw new Fault("unknown", where);
}

function parse(text) {
  const parts = text.trim() ? text.split(",").map((part) => part.trim()) : [];
  if (parts.length > MOST_LAYERS) throw new Fault("layers", { count: parts.length, most: MOST_LAYERS });
  return parts.map((part, i) => parseLayer(part, i + 1));
}

const product = (sides) => sides.reduce((all, side) => all * side, 1);

function outputOf(layer, shape, number) {
  const where = { number, text: formatLayer(layer), input: shape.join("×") };
  if (isActivation(layer)) return shape;
  if (layer.kind === "dense") return [layer.units];
  if (shape.length === 1) throw new Fault("order", where);
  const [height, width, depth] = shape, { size, stride } = layer;
  // With zeros around the maps every input is as large as the kernel.
  if (Math.min(height, width) < size && (layer.kind !== "conv" || layer.valid)) throw new Fault("small", where);
  if (layer.kind !== "conv") return [Math.floor(height / size), Math.floor(width / size), depth];
  const places = (side) => (layer.valid ? Math.floor((side - size) / stride) + 1 : Math.ceil(side / stride));
  return [places(height), places(width), layer.filters];
}

// Numbers in the kernels of a layer.
function kernelsOf(layer, input) {
  if (layer.kind === "conv") return layer.size ** 2 * input[2] * layer.filters;
  return layer.kind === "dense" ? product(input) * layer.units : 0;
}

// The layers of a text and the one that is implied, a dense layer with a unit for each class: { layers, placed: [{ output, parameters }],
// parameters }, or { fault }.
export function check(text, input, classes) {
  try {
    const layers = parse(text), placed = [];
    let shape = input, work = 0;
    [...layers, { kind: "dense", units: classes }].forEach((layer, i) => {
      const output = outputOf(layer, shape, i + 1), kernels = kernelsOf(layer, shape);
      work += kernels * product(output.slice(0, -1));
      placed.push({ output, parameters: kernels ? kernels + output.at(-1) : 0 });
      shape = output;
    });
    if (work > MOST_WORK) throw new Fault("work", { work, most: MOST_WORK });
    return { layers, placed, parameters: placed.reduce((sum, it) => sum + it.parameters, 0) };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.about };
    throw error;
  }
}
