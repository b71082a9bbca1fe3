// Test images to choose from, and details of the model.

import { details, gallery } from "./api.js";
import { paintImage } from "./paint.js";
import { count, percent, say } from "./settings.js";

const find = (id) => document.getElementById(id);
const SAMPLES = 30;
let seed = 0;
let samples = null;
let about = null;

export async function showGallery(choose) {
  try {
    ({ samples } = await gallery(SAMPLES, seed));
  } catch {
    samples = [];
  }
  find("more").hidden = !samples.length;
  find("samples").replaceChildren(...samples.map(({ image }, i) => {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    button.type = "button";
    button.tabIndex = i === 0 ? 0 : -1;
    paintImage(canvas, image);
    button.append(canvas);
    button.addEventListener("click", () => choose(image));
    return button;
  }));
  retellGallery();
}

export function retellGallery() {
  if (!samples) return;
  [...find("samples").children].forEach((button, i) => button.setAttribute("aria-label", say().sample(samples[i].label, i + 1)));
  if (!samples.length) find("samples").textContent = say().galleryNone;
}

function rove(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const buttons = [...find("samples").children];
  if (!step || !buttons.length) return;
  const next = buttons[Math.min(buttons.length - 1, Math.max(0, buttons.indexOf(document.activeElement) + step))];
  buttons.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
  next.focus();
  event.preventDefault();
}

export function startGallery(choose) {
  find("samples").addEventListener("keydown", rove);
  find("more").addEventListener("click", () => {
    seed += 1;
    showGallery(choose);
  });
}

export async function showCard() {
  about = await details();
  retellCard();
  return about;
}

export function retellCard() {
  if (!about) return;
  const names = say().facts, exact = (share) => percent(share, 2);
  const measured = about.accuracy_interval && say().measured(exact(about.test_accuracy), count(about.test_n), ...about.accuracy_interval.map(exact));
  find("about-said").textContent = measured ?? say().unmeasured;
  const facts = {
    name: about.name,
    parameters: count(about.parameters),
    network: about.network,
    temperature: about.temperature.toFixed(3),
    unknown: about.unknown_threshold?.toFixed(3) ?? "–",
    recipe: String(about.recipe.name ?? "–"),
    seed: String(about.seed),
    versions: Object.entries(about.versions).map((pair) => pair.join(" ")).join(", ") || "–",
    data: about.training_data_sha256 || "–",
  };
  find("facts").replaceChildren(...Object.entries(facts).map(([key, value]) => {
    const row = document.createElement("div"), name = document.createElement("dt"), fact = document.createElement("dd");
    name.textContent = names[key];
    fact.textContent = value;
    row.append(name, fact);
    return row;
  }));
}
