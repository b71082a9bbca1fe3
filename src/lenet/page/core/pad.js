// The pad: strokes by pointer or keys, undo and redo, and the drawing as ink.

import { isColour, paintImage } from "./paint.js";

const SIDE = 112; // pixels a side of a drawing that is sent
const STEP = 0.02; // of the pad, for each press of an arrow key
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const find = (id) => document.getElementById(id);
const canvas = find("pad");
const small = document.createElement("canvas");
small.width = small.height = SIDE;
const smallPen = small.getContext("2d", { willReadFrequently: true });

// States are never changed: each is a list of strokes and images; undo goes back to an earlier list.
let states = [[]];
let now = 0;
let current = null; // the stroke being drawn: { id, width, points }
let cursor = null; // of the keyboard: { x, y }
let changed = () => {};
let waiting = false;
let ghost = []; // strokes that nobody drew; they leave when somebody does

const own = () => (current ? [...states[now], current] : states[now]);
const items = () => (own().length ? own() : ghost);
export const drawing = () => current !== null;
export const isEmpty = () => own().length === 0;
// [{ width, points: [{ x, y }] }], shares of the pad; null when an image is on it.
export const strokes = () => (own().some(({ image }) => image) ? null : own());

function push(list) {
  states = [...states.slice(0, now + 1), list];
  now += 1;
}

function finish() {
  if (!current) return;
  const stroke = current;
  current = null;
  push([...states[now], stroke]);
  update();
}

// Smooth: curves between the midpoints. A tap is a dot.
function trace(pen, { points, width }, side) {
  pen.lineWidth = width * side;
  pen.lineCap = pen.lineJoin = "round";
  const at = points.map(({ x, y }) => ({ x: x * side, y: y * side }));
  pen.beginPath();
  if (at.length === 1) { // a line without length would not be drawn
    pen.fillStyle = pen.strokeStyle;
    pen.arc(at[0].x, at[0].y, pen.lineWidth / 2, 0, 2 * Math.PI);
    pen.fill();
    return;
  }
  pen.moveTo(at[0].x, at[0].y);
  for (let i = 1; i + 1 < at.length; i++) {
    pen.quadraticCurveTo(at[i].x, at[i].y, (at[i].x + at[i + 1].x) / 2, (at[i].y + at[i + 1].y) / 2);
  }
  pen.lineTo(at.at(-1).x, at.at(-1).y);
  pen.stroke();
}

function drawAll(pen, side, colour) {
  pen.clearRect(0, 0, side, side);
  pen.strokeStyle = colour;
  for (const item of items()) {
    if (!item.image) {
      trace(pen, item, side);
      continue;
    }
    const picture = document.createElement("canvas");
    paintImage(picture, item.image);
    pen.imageSmoothingEnabled = false;
    if (isColour(item.image)) {
      pen.drawImage(picture, 0, 0, side, side);
      continue;
    }
    // Grey is ink, which becomes transparent where there is none, so that it can have the pad's colour.
    const inside = picture.getContext("2d"), data = inside.getImageData(0, 0, picture.width, picture.height);
    for (let i = 0; i < data.data.length; i += 4) data.data[i + 3] = data.data[i];
    inside.putImageData(data, 0, 0);
    inside.globalCompositeOperation = "source-in";
    inside.fillStyle = colour;
    inside.fillRect(0, 0, picture.width, picture.height);
    pen.drawImage(picture, 0, 0, side, side);
  }
}

// { pixels, height, width, depth }, as `frame` takes it; null for an empty pad. An image alone is given as it is.
export function ink() {
  const list = items();
  if (!list.length) return null;
  if (list.length === 1 && list[0].image) return inkOf(list[0].image);
  drawAll(smallPen, SIDE, "#000");
  const { data } = smallPen.getImageData(0, 0, SIDE, SIDE), depth = list.some(({ image }) => image && isColour(image)) ? 3 : 1;
  const pixels = depth === 3 ? data.filter((_, i) => i % 4 < 3) : data.filter((_, i) => i % 4 === 3);
  return { pixels, height: SIDE, width: SIDE, depth };
}

// An image (rows) as ink.
export function inkOf(image) {
  const depth = isColour(image) ? 3 : 1;
  return { pixels: Uint8Array.from(image.flat(2)), height: image.length, width: image[0].length, depth };
}

function repaint() {
  const side = Math.max(1, Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)));
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d");
  drawAll(pen, side, getComputedStyle(canvas).color);
  if (cursor && document.activeElement === canvas) {
    pen.strokeStyle = getComputedStyle(canvas).getPropertyValue("--accent");
    pen.lineWidth = side * 0.006;
    pen.beginPath();
    pen.arc(cursor.x * side, cursor.y * side, side * (current ? 0.02 : 0.035), 0, 2 * Math.PI);
    pen.stroke();
  }
  canvas.classList.toggle("ghost", isEmpty());
  find("hint").hidden = items().length > 0;
  enable("undo", now > 0);
  enable("redo", now < states.length - 1);
  enable("clear", !isEmpty());
}

// A button that is disabled loses the focus: the pad gets it.
function enable(id, enabled) {
  if (!enabled && document.activeElement === find(id)) canvas.focus({ preventScroll: true });
  find(id).disabled = !enabled;
}

// At most once a frame.
function update() {
  if (!waiting) requestAnimationFrame(() => {
    waiting = false;
    repaint();
    changed(ink());
  });
  waiting = true;
}

export function undo() {
  finish();
  if (now > 0) now -= 1;
  update();
}
export function redo() {
  if (now < states.length - 1) now += 1;
  update();
}
export function clear() {
  finish();
  if (!isEmpty()) push([]);
  update();
}
function replace(list) {
  finish();
  push(list);
  update();
}
// Replace the drawing by an image (rows), or by strokes.
export const show = (image) => replace([{ image }]);
export const showStrokes = (list) => replace(list);

export function showGhost(list) {
  ghost = list;
  update();
}

const brush = () => Number(find("brush").value) / 100;

function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
}

function startPointer() {
  canvas.addEventListener("pointerdown", (event) => {
    if (current || event.button) return;
    canvas.setPointerCapture(event.pointerId);
    cursor = null;
    current = { id: event.pointerId, width: brush(), points: [pointOf(event)] };
    update();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== current?.id) return;
    const events = event.getCoalescedEvents?.() ?? [];
    current.points.push(...(events.length ? events : [event]).map(pointOf));
    update();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId === current?.id) finish();
    });
  }
}

function startKeys() {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      cursor ??= { x: 0.5, y: 0.5 };
      const [right, down] = ARROWS[event.key], step = event.shiftKey ? 3 * STEP : STEP;
      const within = (value) => Math.min(0.97, Math.max(0.03, value));
      cursor = { x: within(cursor.x + right * step), y: within(cursor.y + down * step) };
      if (current?.id === "keys") current.points.push(cursor);
    } else if (event.key === " ") {
      cursor ??= { x: 0.5, y: 0.5 };
      if (current) finish();
      else current = { id: "keys", width: brush(), points: [cursor] };
    } else if (event.key === "Delete" || event.key === "Backspace") clear();
    else if (event.key === "Escape") finish();
    else return;
    event.preventDefault();
    update();
  });
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) cursor ??= { x: 0.5, y: 0.5 };
    repaint();
  });
  canvas.addEventListener("blur", () => {
    if (current?.id === "keys") finish();
    repaint();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("input:not([type=range]), select, textarea")) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) undo();
    else if (key === "y" || (key === "z" && event.shiftKey)) redo();
    else return;
    event.preventDefault();
  });
}

// `listener` is called with the ink after a change, at most once a frame.
export function startPad(listener) {
  changed = listener;
  startPointer();
  startKeys();
  find("undo").addEventListener("click", undo);
  find("redo").addEventListener("click", redo);
  find("clear").addEventListener("click", clear);
  new ResizeObserver(repaint).observe(canvas);
  document.addEventListener("themechange", repaint);
}
