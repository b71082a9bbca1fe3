// The model card in words: how often it is wrong, what it mistakes for what, and the details.

import { make, reach, rove } from "../core/elements.js";
import { lab, on } from "../core/lab.js";
import { show } from "../core/pad.js";
import { paintImage } from "../core/paint.js";
import { count, percent, say } from "../core/words.js";
import { card, details, mistakes } from "./api.js";
import { download } from "./train/requests.js";

const find = (id) => document.getElementById(id);
let about = null;
let measured = null; // { n, correct, confusion }
let asked = null; // { truth, read } of the pictures that are shown

function tellFacts() {
  const names = say().facts, none = "–";
  const facts = {
    name: about.name,
    parameters: count(about.parameters),
    network: about.network,
    temperature: about.temperature.toFixed(3),
    unknown: about.unknown_threshold?.toFixed(3) ?? none,
    recipe: String(about.recipe.name ?? none),
    seed: String(about.seed),
    versions: Object.entries(about.versions).map((pair) => pair.join(" ")).join(", ") || none,
    data: about.training_data_sha256 || none,
  };
  find("facts").replaceChildren(...Object.entries(facts).map(([key, value]) =>
    make("div", {}, make("dt", { textContent: names[key] }), make("dd", { textContent: value }))));
}

function tellDownloads() {
  const { name } = lab.network;
  for (const format of ["html", "onnx"]) Object.assign(find(`download-${format}`), { href: download(name, format), download: `${name}.${format}` });
  find("chip").textContent = say().chip(name);
}

function tellMatrix() {
  const { confusion } = measured, names = about.class_names;
  const head = make("tr", {}, make("td"), ...names.map((name) => make("th", { scope: "col", textContent: name })));
  const rows = confusion.map((row, i) => make("tr", {}, make("th", { scope: "row", textContent: names[i] }), ...row.map((number, j) => {
    if (i === j || !number) return make("td", { className: i === j ? "right" : "", textContent: i === j ? count(number) : "" });
    const label = say().mistaken(count(number), names[i], names[j]);
    return make("td", {}, make("button", { type: "button", "aria-label": label, title: label, textContent: count(number), onclick: () => open(names[i], names[j]) }));
  })));
  find("matrix").replaceChildren(make("table", {}, make("caption", { className: "only-heard", textContent: say().confusion }), head, ...rows));
  reach(find("matrix"), 0);
}

async function open(truth, read) {
  asked = { truth, read };
  const { images } = await mistakes(truth, read).catch((error) => {
    find("mistakes-said").textContent = error.message;
    return { images: [] };
  });
  if (images.length) find("mistakes-said").textContent = say().mistaken(count(images.length), truth, read);
  find("mistakes").replaceChildren(...images.map(({ image }, i) => {
    const canvas = document.createElement("canvas");
    paintImage(canvas, image);
    return make("button", { type: "button", "aria-label": say().mistake(truth, read, i + 1), onclick: () => show(image) }, canvas);
  }));
}

function tell() {
  if (!about) return;
  const { accuracy_interval: interval, test_accuracy: accuracy, test_n: n } = about;
  const wrong = accuracy === null ? 0 : Math.round(n * (1 - accuracy));
  find("card-said").textContent = interval ? say().measured(count(wrong), count(n), ...interval.map((share) => percent(share, 2).replace(" ", "\u00a0"))) : say().unmeasured;
  tellFacts();
  tellDownloads();
  find("confusion").hidden = !measured?.confusion;
  if (measured?.confusion) tellMatrix();
}

async function take() {
  const { name } = lab.network, found = await details().catch(() => null);
  if (!found || name !== lab.network.name) return; // the notice says why, or another was chosen
  about = found;
  measured = asked = null;
  find("mistakes").replaceChildren();
  find("mistakes-said").textContent = "";
  find("confusion").open = false;
  tell();
  find("confusion").hidden = !about.accuracy_interval;
}

// Reading all test images takes the server a moment: only when somebody looks.
async function measure() {
  if (!find("confusion").open || measured) return;
  find("matrix").textContent = say().counting;
  measured = await card().catch((error) => ({ confusion: null, error }));
  if (measured.confusion) tellMatrix();
  else find("matrix").textContent = measured.error?.message ?? say().noTestImages;
}

export function startCard() {
  rove(find("matrix"));
  rove(find("mistakes"));
  find("confusion").addEventListener("toggle", measure);
  for (const event of ["network", "connection"]) on(event, () => { if (lab.network) take(); });
  on("language", () => {
    tell();
    if (asked) open(asked.truth, asked.read);
  });
}
