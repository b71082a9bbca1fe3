// The output of every layer, and how each of its numbers is computed.

import { kernels } from "./api.js";
import { activate, arithmetic } from "./arithmetic.js";
import { isColour, mostOf, paintImage, paintOver, paintSigned } from "./paint.js";
import { say } from "./settings.js";

const find = (id) => document.getElementById(id);
const UNITS_A_ROW = 25;
const narrow = matchMedia("(max-width: 59.99rem)");

let layers = []; // as the API lists them, each with its maps (rows of numbers) and those before it
let weights = null; // kernels and biases by layer
let chosen = null; // { layer: index, map, row, column }

// Units as one map, so that they can be shown like the others; the last row may be shorter.
function asMap(units) {
  const rows = [];
  for (let i = 0; i < units.length; i += UNITS_A_ROW) rows.push(units.slice(i, i + UNITS_A_ROW));
  return [rows];
}

function channelsOf(image) {
  if (!isColour(image)) return [image.map((row) => row.map((value) => value / 255))];
  return [0, 1, 2].map((channel) => image.map((row) => row.map((value) => value[channel] / 255)));
}

function mapsOf(layer, before) {
  if (layer.kind === "activation") return before.map((rows) => activate(layer.settings.kind, rows));
  return layer.units.length ? asMap(layer.units) : layer.maps;
}

// Flattening and the softmax show nothing new.
function take({ layers: listed, answer }) {
  const shown = listed.filter(({ kind }) => kind !== "flatten" && kind !== "softmax");
  let before = channelsOf(answer.image);
  layers = shown.map((layer, i) => {
    const maps = mapsOf(layer, before);
    const made = {
      ...layer, maps, before, kernels: weights[layer.name], number: Number(layer.name.match(/\d+$/)[0]),
      wide: layer.output_shape.length === 1, last: i === shown.length - 1,
    };
    before = maps;
    return made;
  });
}

const titleOf = (layer) => say().layers[layer.kind](layer);
const groupOf = (layer) => find(`layer-${layer.name}`).parentElement;

// One group of buttons for each layer; Tab goes from layer to layer, arrow keys from map to map.
function makeLayers() {
  find("inside-body").append(find("detail"));
  find("layers").replaceChildren(...layers.map((layer, index) => {
    const group = document.createElement("div"), title = document.createElement("h3"), maps = document.createElement("div");
    group.className = "layer";
    title.id = `layer-${layer.name}`;
    maps.className = "maps";
    maps.dataset.layer = layer.name;
    maps.setAttribute("role", "group");
    maps.setAttribute("aria-labelledby", title.id);
    maps.append(...layer.maps.map((_, i) => {
      const button = document.createElement("button"), canvas = document.createElement("canvas");
      button.type = "button";
      button.tabIndex = i === 0 ? 0 : -1;
      if (layer.wide) button.className = "wide";
      button.append(canvas);
      const select = () => choose({ layer: index, map: i });
      // On a narrow screen the detail stands between the layers, and choosing moves them: only by a press.
      button.addEventListener("pointerenter", () => { if (!narrow.matches) select(); });
      button.addEventListener("focus", select);
      button.addEventListener("click", select);
      return button;
    }));
    maps.addEventListener("keydown", rove);
    group.append(title, maps);
    return group;
  }));
}

function rove(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...event.currentTarget.children], place = buttons.indexOf(document.activeElement);
  const next = buttons[Math.min(buttons.length - 1, Math.max(0, place + step))];
  buttons.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
  next.focus();
  event.preventDefault();
}

function drawLayers() {
  for (const layer of layers) {
    const most = mostOf(layer.maps);
    find(`layer-${layer.name}`).textContent = titleOf(layer);
    const buttons = groupOf(layer).querySelector(".maps").children;
    layer.maps.forEach((rows, i) => {
      paintSigned(buttons[i].firstChild, rows, most);
      buttons[i].setAttribute("aria-label", say().mapName(layer.name, i + 1));
    });
  }
}

function choose(change) {
  const before = layers[chosen.layer].maps[0];
  chosen = { ...chosen, ...change };
  const { maps } = layers[chosen.layer];
  chosen.map = Math.min(chosen.map, maps.length - 1);
  const rows = maps[chosen.map];
  if (before.length !== rows.length || before[0].length !== rows[0].length) {
    // The same place in a map of another size.
    chosen.row = Math.floor(chosen.row * rows.length / before.length);
    chosen.column = Math.floor(chosen.column * rows[0].length / before[0].length);
  }
  chosen.row = Math.min(chosen.row, rows.length - 1);
  chosen.column = Math.min(chosen.column, rows[chosen.row].length - 1);
  drawDetail();
}

// Beside the layers; on a narrow screen below the layer that it is about.
function placeDetail() {
  const detail = find("detail"), group = groupOf(layers[chosen.layer]);
  if (narrow.matches && group.nextElementSibling !== detail) group.after(detail);
  if (!narrow.matches && detail.parentElement !== find("inside-body")) find("inside-body").append(detail);
}

function drawDetail() {
  const { map, row, column } = chosen, layer = layers[chosen.layer];
  for (const button of find("layers").querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  groupOf(layer).querySelector(".maps").children[map].setAttribute("aria-current", "true");
  placeDetail();
  find("detail-title").textContent = say().mapName(layer.name, map + 1);
  find("detail-says").textContent = titleOf(layer);
  // Drawn large, so that the chosen pixel can have a frame.
  const small = document.createElement("canvas"), canvas = find("map"), zoom = 12;
  paintSigned(small, layer.maps[map], mostOf(layer.maps));
  canvas.width = small.width * zoom;
  canvas.height = small.height * zoom;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
  pen.lineWidth = 2;
  pen.strokeStyle = "#fff";
  pen.strokeRect(column * zoom + 1, row * zoom + 1, zoom - 2, zoom - 2);
  find("arithmetic").replaceChildren(...arithmetic(layer, map, row, column));
}

function startMap() {
  const canvas = find("map");
  const at = (event) => {
    const box = canvas.getBoundingClientRect(), rows = layers[chosen.layer].maps[chosen.map];
    const within = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    choose({
      row: within((event.clientY - box.top) / box.height, rows.length),
      column: within((event.clientX - box.left) / box.width, rows[0].length),
    });
  };
  canvas.addEventListener("pointermove", at);
  canvas.addEventListener("pointerdown", at);
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    choose({ row: Math.max(0, chosen.row + step[0]), column: Math.max(0, chosen.column + step[1]) });
    event.preventDefault();
  });
}

export function showSeen(image) {
  paintImage(find("seen"), image);
}

// Show an explanation; null when nothing is drawn. Nothing is shown once `signal` is aborted.
export async function showInside(explained, signal) {
  const empty = !explained || !explained.layers.length;
  find("inside-empty").hidden = !empty;
  find("inside-body").hidden = empty;
  if (empty) {
    for (const id of ["occlusion", "evidence"]) paintImage(find(id), [[0]]);
    return;
  }
  const fetched = weights ?? await kernels();
  if (signal.aborted) return;
  weights = fetched;
  const fresh = !layers.length;
  take(explained);
  paintOver(find("occlusion"), explained.occlusion, explained.answer.image);
  paintOver(find("evidence"), explained.evidence, explained.answer.image);
  if (fresh) {
    const [rows] = layers[0].maps;
    chosen = { layer: 0, map: 0, row: Math.floor(rows.length / 2), column: Math.floor(rows[0].length / 2) };
    find("evidence-why").dataset.word = Object.keys(weights).length ? "evidenceWhy" : "evidencePixels";
    find("evidence-why").textContent = say()[find("evidence-why").dataset.word];
    makeLayers();
  }
  drawLayers();
  choose({});
}

// Another model has other layers.
export function forgetInside() {
  weights = null;
  layers = [];
  find("inside-body").append(find("detail"));
  find("layers").replaceChildren();
}

export function retellInside() {
  if (!layers.length) return;
  drawLayers();
  choose({});
}

startMap();
narrow.addEventListener("change", retellInside);
