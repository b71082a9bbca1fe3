// What is trained, on what and how; and questions that set it.

import { make } from "../../core/elements.js";
import { emit, lab, on } from "../../core/lab.js";
import { fault, isNetwork, network, showNetwork, startBlocks } from "./blocks.js";
import { button, field, menu, said, words } from "./elements.js";
import { count } from "../../core/words.js";

const LENET = "conv 20 5, relu, maxpool 2, conv 50 5, relu, maxpool 2, dense 500, relu";
const DEFAULT = { network: LENET, images: 10000, recipe: "fast", epochs: 0, framing: "mark" };
// Each differs from the default in one thing.
const QUESTIONS = {
  "lenet": {},
  "two-filters": { network: LENET.replace("20 5", "2 5").replace("50 5", "2 5") },
  "100-pictures": { images: 100 },
  "no-convolution": { network: "dense 300, relu, dense 100, relu" },
  "no-centring": { framing: "none" },
  "lenet5-1998": { network: "conv 6 5, tanh, avgpool 2, conv 16 5 valid, tanh, avgpool 2, dense 120, tanh, dense 84, tanh" },
};
const IMAGES = [100, 1000, 10000, 60000];
const RECIPES = ["fast", "few", "tutorial"];
const EPOCHS = [0, 1, 2, 5]; // 0: the recipe's own number

const questions = make("div", { className: "questions", role: "group" });
const hint = make("p", { className: "quiet hint", role: "status" });
let fields = {};

// { network, images, recipe, epochs, framing } as it is set now.
export const setup = () => ({
  network: network(), images: Number(fields.images.value), recipe: fields.recipe.value, epochs: Number(fields.epochs.value),
  framing: fields.centre.checked ? "mark" : "none",
});

const same = (one, other) => Object.keys(DEFAULT).every((key) => one[key] === other[key]);
const asked = () => Object.keys(QUESTIONS).find((name) => same(setup(), { ...DEFAULT, ...QUESTIONS[name] }));

// A name for the network that is trained: that of the question, unless something else was changed.
export const nameOf = () => asked() ?? "mine";
export const isReady = () => !fault();
export const faultOf = () => words().faults[fault().code](fault());

function ask(name) {
  const wanted = { ...DEFAULT, ...QUESTIONS[name] };
  fields.images.value = wanted.images;
  fields.recipe.value = wanted.recipe;
  fields.epochs.value = wanted.epochs;
  fields.centre.checked = wanted.framing === "mark";
  showNetwork(wanted.network);
}

// Called after each change, also of the language.
export function tellSetup() {
  const now = asked();
  [...questions.children].forEach((element, i) => element.setAttribute("aria-pressed", Object.keys(QUESTIONS)[i] === now));
  hint.textContent = words().hints[now] ?? words().hints.mine;
  questions.setAttribute("aria-label", words().questionsLabel);
}

function changed() {
  tellSetup();
  lab.edited = fault() || network() === LENET ? null : network();
  emit("setup");
}

export function startSetup() {
  fields = {
    images: menu(IMAGES.map((number) => [number, () => count(number)]), changed),
    recipe: menu(RECIPES.map((name) => [name, (say) => say.recipes[name]]), changed),
    epochs: menu(EPOCHS.map((number) => [number, (say) => say.epochsOf(number)]), changed),
    centre: make("input", { type: "checkbox", checked: true, onchange: changed }),
  };
  fields.images.value = DEFAULT.images;
  const named = () => (isNetwork(lab.edited) ? lab.edited : LENET); // by the address, which anybody may have written
  const editor = startBlocks(named(), changed);
  on("edited", () => showNetwork(named()));
  questions.append(...Object.keys(QUESTIONS).map((name) => button((say) => say.questions[name], () => ask(name))));
  return make("div", { className: "setup" },
    questions, hint,
    make("div", { className: "options" }, ...["images", "recipe", "epochs"].map((name) => field((say) => say[name], fields[name])),
      make("label", { className: "field tick" }, fields.centre, said("span", (say) => say.centred))),
    editor);
}
