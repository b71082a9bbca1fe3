// Look inside: a walk through the network, one stage at a time, from the picture to the probabilities.

import { make } from "../elements.js";
import { lab, on } from "../lab.js";
import { count, say } from "../words.js";
import { activation, convolution, flatten, picture, pooling } from "./maps.js";
import { button, drawn, group, mapName, text } from "./parts.js";
import { startPlaying } from "./play.js";
import { isActivation, isPooling, outputsOf, placeAt, stagesOf } from "./stages.js";
import { dense, showAll, softmax } from "./units.js";
import { byStrength } from "./values.js";

const LARGE = 6; // maps that are shown large
const VIEWS = { picture, conv: convolution, flatten, dense, softmax };
const viewOf = (kind) => VIEWS[kind] ?? (isPooling(kind) ? pooling : activation);

let panel, walk, playing;
let stages = []; // of the present network
let outputs = null; // of each stage, as maps; null for an empty pad
let index = 0; // of the present stage
let pins = new Map(); // see `placeAt`
let source = null; // the input map whose square is shown; null for the one that adds most
let all = false; // whether all maps and classes are shown

const find = (name) => walk.querySelector(`.${name}`);

// What the parts of the present stage are made from; `filled` is how much of its map is computed while it plays.
function context(filled) {
  const maps = outputs[index], place = placeAt(stages, outputs, pins, index);
  if (filled) Object.assign(place, { row: Math.floor((filled - 1) / maps.columns), column: (filled - 1) % maps.columns });
  const { network, image, result } = lab, shown = { stage: stages[index], maps, place, filled, source, all };
  return { stages, outputs, index, ...shown, pin, chooseSource, toggleAll, network, image, result };
}

// Make elements anew; what had the focus has it again, or else the title of the stage.
function renew(element, children) {
  const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  element.replaceChildren(...children);
  if (key) (element.querySelector(`[data-key="${key}"]`) ?? find("title")).focus({ preventScroll: true });
}

// The maps of a stage with the highest values, or all in their order.
function mapButtons(c) {
  const { maps, stage, place } = c, { inside } = say();
  if (maps.flat || maps.count === 1) return [];
  const shown = all ? Array.from({ length: maps.count }, (_, map) => map) : byStrength(maps).slice(0, LARGE);
  const picture = stage.kind === "picture", title = picture ? inside.channels : inside.maps(shown.length, count(maps.count));
  const buttons = shown.map((map) => button(
    `map-${map}`, { "aria-pressed": String(map === place.map), onclick: () => pin({ ...place, map }) },
    drawn(maps, map, { picture, channel: map }), text("span", mapName(stage, maps, map)),
  ));
  return [text("h4", title), group(title, buttons, shown.indexOf(place.map)), showAll(c, maps.count, LARGE)].filter(Boolean);
}

function drawStage(filled) {
  const c = context(filled);
  find("stage").dataset.kind = c.stage.last ? "scores" : c.stage.kind;
  renew(find("stage"), viewOf(c.stage.kind)(c));
  if (!filled) renew(find("several"), mapButtons(c));
}

function drawOverview() {
  stages.forEach((stage, i) => {
    const it = find("overview").children[i].firstChild, maps = outputs?.[i];
    const empty = () => make("canvas", { width: 1, height: 1 });
    it.firstChild.replaceWith(maps ? drawn(maps, byStrength(maps)[0], { picture: i === 0 }) : empty());
    if (i === index) it.setAttribute("aria-current", "step");
    else it.removeAttribute("aria-current");
    it.tabIndex = i === index ? 0 : -1;
  });
}

// Everything that depends on the drawing, the stage or the language.
function draw() {
  if (!stages.length || panel.closest("[hidden]")) return;
  const { inside } = say(), stage = stages[index], position = inside.step(index + 1, stages.length);
  const sentence = inside.sentence(stage, stages[index - 1]);
  walk.dataset.stage = stage.kind;
  find("count").textContent = `${position} · ${inside.fullSize(stage)}`;
  find("title").textContent = inside.title(stage);
  find("sentence").textContent = sentence;
  find("empty").hidden = Boolean(outputs);
  find("back").setAttribute("aria-disabled", String(index === 0));
  find("next").setAttribute("aria-disabled", String(index === stages.length - 1));
  find("unpin").hidden = !outputs || !pins.has(stage.chain);
  drawOverview();
  if (outputs) drawStage();
  else ["stage", "several"].forEach((name) => find(name).replaceChildren());
}

// Built anew for another network or language.
function makeOverview() {
  const { inside } = say();
  find("overview").setAttribute("aria-label", inside.overview);
  renew(find("overview"), stages.map((stage, i) => make("li", {}, button(
    `stage-${i}`, { onclick: () => step(i), "aria-label": `${inside.title(stage)}, ${inside.fullSize(stage)}` }, make("canvas"),
    text("span", inside.short(stage), { className: "name" }), text("span", inside.size(stage), { className: "size" }),
  ))));
}

function go(to) {
  if (to < 0 || to >= stages.length) return;
  const focused = find("overview").contains(document.activeElement);
  index = to;
  source = null;
  all = false;
  draw();
  const row = find("overview"), item = row.children[index], { inside } = say();
  row.scrollLeft = item.offsetLeft - (row.clientWidth - item.offsetWidth) / 2;
  if (focused) item.firstChild.focus({ preventScroll: true });
  const position = inside.step(index + 1, stages.length);
  find("heard").textContent = inside.heard(position, inside.title(stages[index]), find("sentence").textContent);
}

function pin(place) {
  playing.pause();
  pins.set(stages[index].chain, { ...place, index });
  source = null;
  draw();
}

function unpin() {
  pins.delete(stages[index].chain);
  draw();
  find("title").focus({ preventScroll: true }); // the button is gone
}

function chooseSource(map) {
  playing.pause();
  source = map;
  draw();
}

function toggleAll() {
  playing.pause();
  all = !all;
  draw();
}

function takeNetwork() {
  const name = stages[index]?.name;
  stages = stagesOf(lab.network.description);
  index = Math.max(0, stages.findIndex((stage) => stage.name === name));
  pins = new Map();
  outputs = null;
  source = null;
  makeOverview();
}

function takeDrawing() {
  if (!lab.network || !stages.length) return;
  outputs = lab.result ? outputsOf(stages, lab.network.description, lab.image, lab.result) : null;
  if (!outputs) playing.pause();
  draw();
}

// To another stage, chosen by hand.
function step(to) {
  playing.pause();
  go(to);
}

function build() {
  const control = (name, act) => button(name, { className: name, "data-word": `inside.${name}`, onclick: act });
  walk = make("div", { className: "walk" },
    make("ol", { className: "overview" }),
    make("div", { className: "bar" },
      make("div", { className: "told" },
        make("h3", { className: "title", tabIndex: -1, "data-key": "title" }), make("p", { className: "count quiet" })),
      make("div", { className: "controls" },
        control("back", () => step(index - 1)), control("play", () => playing.toggle()), control("next", () => step(index + 1))),
      make("p", { className: "sentence" })),
    make("p", { className: "empty", "data-word": "inside.empty" }),
    make("div", { className: "stage" }),
    make("div", { className: "several" }),
    make("button", { type: "button", className: "unpin", "data-word": "inside.strongestPlace", onclick: unpin }),
    make("p", { className: "quiet keys", "data-word": "inside.keys" }),
    make("p", { className: "only-heard heard", role: "status" }));
  panel.append(walk);
}

// `element` is the panel that the walk is built in.
export function start(element) {
  panel = element;
  build();
  playing = startPlaying({
    button: find("play"),
    canStart: () => outputs !== null,
    stage: () => ({ ...stages[index], last: index === stages.length - 1 }),
    show: drawStage,
    next: () => go(index + 1),
    first: () => go(0),
  });
  document.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], held = event.ctrlKey || event.altKey || event.metaKey;
    const here = !panel.closest("[hidden]") && (panel.contains(event.target) || event.target === document.body);
    if (!by || !here || held || event.defaultPrevented) return;
    event.preventDefault();
    step(index + by);
  });
  on("network", takeNetwork);
  on("drawing", takeDrawing);
  on("tab", () => { playing.pause(); draw(); });
  on("language", () => {
    makeOverview();
    playing.pause();
    draw();
  });
}
