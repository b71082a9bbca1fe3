// What every layer says, and how one number of it came about.

import { kernels } from "./api.js";
import { arithmetic } from "./arithmetic.js";
import { mostOf, paintGrey, paintOver, paintSigned } from "./paint.js";
import { say } from "./settings.js";

const find = (id) => document.getElementById(id);
const ORDER = ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "dense1", "relu3", "dense2"];
const BEFORE = { conv1: "pixels", relu1: "conv1", pool1: "relu1", conv2: "pool1", relu2: "conv2", pool2: "relu2", relu3: "dense1" };
const UNITS_A_ROW = 25;
const narrow = matchMedia("(max-width: 59.99rem)");

let layers = {}; // name → maps, rows of numbers
let filters = null;
let chosen = { layer: "conv1", map: 0, row: 14, column: 14 };

const relu = (maps) => maps.map((rows) => rows.map((row) => row.map((value) => Math.max(0, value))));

// Units as one map, so that they can be shown like the rest.
function asMap(units) {
  const rows = [];
  for (let i = 0; i < units.length; i += UNITS_A_ROW) rows.push(units.slice(i, i + UNITS_A_ROW));
  while (rows.length > 1 && rows.at(-1).length < UNITS_A_ROW) rows.at(-1).push(0);
  return [rows];
}

function take(explained) {
  const by = Object.fromEntries(explained.layers.map((layer) => [layer.name, layer]));
  layers = { pixels: [explained.answer.image.map((row) => row.map((value) => value / 255))] };
  for (const name of ["conv1", "pool1", "conv2", "pool2"]) layers[name] = by[name].maps;
  layers.relu1 = relu(layers.conv1);
  layers.relu2 = relu(layers.conv2);
  layers.dense1 = asMap(by.dense1.units);
  layers.relu3 = relu(layers.dense1);
  layers.dense2 = asMap(by.dense2.units);
}

const titleOf = (name) => {
  const maps = layers[name], size = filters?.conv1.kernels[0][0].length;
  if (name.startsWith("dense")) return say().layers[name](maps[0].flat().length);
  return say().layers[name](maps.length, size);
};

// One group of buttons a layer; Tab goes from layer to layer, arrow keys from map to map.
function makeLayers() {
  find("inside-body").append(find("detail"));
  find("layers").replaceChildren(...ORDER.map((name) => {
    const group = document.createElement("div"), title = document.createElement("h3"), maps = document.createElement("div");
    group.className = "layer";
    title.id = `layer-${name}`;
    maps.className = "maps";
    maps.dataset.layer = name;
    maps.setAttribute("role", "group");
    maps.setAttribute("aria-labelledby", title.id);
    maps.append(...layers[name].map((rows, i) => {
      const button = document.createElement("button"), canvas = document.createElement("canvas");
      button.type = "button";
      button.tabIndex = i === 0 ? 0 : -1;
      if (name.startsWith("dense") || name === "relu3") button.className = "wide";
      button.append(canvas);
      const select = () => choose({ layer: name, map: i });
      // Where the detail stands between the layers, choosing moves them: only by a press.
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
  for (const name of ORDER) {
    const most = mostOf(layers[name]);
    find(`layer-${name}`).textContent = titleOf(name);
    const buttons = find("layers").querySelector(`[data-layer=${name}]`).children;
    layers[name].forEach((rows, i) => {
      paintSigned(buttons[i].firstChild, rows, most);
      buttons[i].setAttribute("aria-label", say().mapName(name, i + 1));
    });
  }
}

function choose(change) {
  const before = layers[chosen.layer][0];
  chosen = { ...chosen, ...change };
  const rows = layers[chosen.layer][chosen.map] ?? layers[chosen.layer][0];
  if (before.length !== rows.length || before[0].length !== rows[0].length) {
    // The same place in a map of another size.
    chosen.row = Math.floor(chosen.row * rows.length / before.length);
    chosen.column = Math.floor(chosen.column * rows[0].length / before[0].length);
  }
  chosen.row = Math.min(chosen.row, rows.length - 1);
  chosen.column = Math.min(chosen.column, rows[0].length - 1);
  drawDetail(rows);
}

// Beside the layers; on a narrow screen under the layer that it tells of.
function placeDetail() {
  const detail = find("detail"), group = find(`layer-${chosen.layer}`).parentElement;
  if (narrow.matches && group.nextElementSibling !== detail) group.after(detail);
  if (!narrow.matches && detail.parentElement !== find("inside-body")) find("inside-body").append(detail);
}

function drawDetail(rows) {
  const { layer, map, row, column } = chosen;
  for (const button of find("layers").querySelectorAll("[aria-current]")) button.removeAttribute("aria-current");
  find("layers").querySelector(`[data-layer=${layer}]`).children[map]?.setAttribute("aria-current", "true");
  placeDetail();
  find("detail-title").textContent = say().mapName(layer, map + 1);
  find("detail-says").textContent = titleOf(layer);
  // Drawn large, so that a frame can stand around the chosen pixel.
  const small = document.createElement("canvas"), canvas = find("map"), zoom = 12;
  paintSigned(small, rows, mostOf(layers[layer]));
  canvas.width = small.width * zoom;
  canvas.height = small.height * zoom;
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
  pen.lineWidth = 2;
  pen.strokeStyle = "#fff";
  pen.strokeRect(column * zoom + 1, row * zoom + 1, zoom - 2, zoom - 2);
  const before = layers[BEFORE[layer]];
  find("arithmetic").replaceChildren(...arithmetic({ layer, map, row, column, maps: layers[layer], before, filters }));
}

function startMap() {
  const canvas = find("map");
  const at = (event) => {
    const box = canvas.getBoundingClientRect(), rows = layers[chosen.layer][chosen.map];
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
  paintGrey(find("seen"), image);
}

// Show an explanation; null when nothing is drawn.
export async function showInside(explained) {
  const empty = !explained || !explained.layers.length;
  find("inside-empty").hidden = !empty;
  find("inside-body").hidden = empty;
  if (empty) {
    for (const id of ["occlusion", "evidence"]) paintGrey(find(id), [[0]]);
    return;
  }
  filters ??= await kernels();
  take(explained);
  paintOver(find("occlusion"), explained.occlusion, explained.answer.image);
  paintOver(find("evidence"), explained.evidence, explained.answer.image);
  const there = find("layers").querySelectorAll(".maps button").length;
  if (there !== ORDER.reduce((all, name) => all + layers[name].length, 0)) makeLayers();
  drawLayers();
  choose({});
}

// Another model has other kernels.
export function forgetInside() {
  filters = null;
  find("inside-body").append(find("detail"));
  chosen = { layer: "conv1", map: 0, row: 14, column: 14 };
  find("layers").replaceChildren();
  layers = {};
}

export function retellInside() {
  if (layers.pixels && find("layers").children.length) {
    drawLayers();
    choose({});
  }
}

startMap();
narrow.addEventListener("change", retellInside);
