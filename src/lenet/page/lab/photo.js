// A photo in the pad's place: boxes around its digits, and its text; or the class of the whole picture.

import { make, reach, rove } from "../core/elements.js";
import { draw, lab, on } from "../core/lab.js";
import { ink, inkOf } from "../core/pad.js";
import { showTab } from "../core/tabs.js";
import { percent, say } from "../core/words.js";
import { readPhoto } from "./api.js";

const find = (id) => document.getElementById(id);
const LARGEST = 2400; // pixels a side that are sent; more say no more about handwriting
const SMALL_FILE = 1 << 20; // bytes that are sent as they are
const DENSE = 24; // pixels on the screen; labels would hide digits that are lower
let shown = null; // { reading, digits, chosen, size: [width, height] of what was sent, or null when it cannot be shown }
let turn = 0;
let state = () => ""; // what is said about the photo

const nameOf = (digit) =>
  (digit.unknown ? say().boxUnknown(digit.label) : say().boxName(digit.label, percent(digit.probability)));

function tell(text) {
  state = text;
  find("photo-said").textContent = state();
}

// Large photos are shrunk, so that a slow line carries them. What this browser cannot decode is sent as it is.
async function prepare(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return { blob: file, size: null };
  const { width, height } = picture, scale = Math.min(1, LARGEST / Math.max(width, height));
  if (scale === 1 && file.size <= SMALL_FILE) return { blob: file, size: [width, height] };
  const size = [Math.round(width * scale), Math.round(height * scale)];
  const canvas = make("canvas", { width: size[0], height: size[1] });
  canvas.getContext("2d").drawImage(picture, 0, 0, ...size);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  return blob && blob.size < file.size ? { blob, size } : { blob: file, size: [width, height] };
}

export async function take(file) {
  const mine = ++turn;
  showTab("try");
  close(false);
  tell(() => say().reading);
  document.body.dataset.photo = "reading";
  try {
    const { blob, size } = await prepare(file), reading = await readPhoto(blob);
    if (mine === turn) show(reading, size, file);
  } catch (error) {
    if (mine === turn) {
      draw(ink()); // the answer to a photo before it is gone
      tell(() => error.message);
    }
  } finally {
    if (mine === turn) delete document.body.dataset.photo;
  }
}

function show(reading, size, file) {
  // A network that classifies whole pictures gives one answer and no digits.
  const digits = reading.label ? [{ ...reading, box: [0, 0, ...(size ?? [1, 1])] }] : reading.digits;
  shown = { reading, digits, chosen: -1, size };
  find("image").src = URL.createObjectURL(file);
  find("photo").hidden = !size;
  find("pad").classList.toggle("covered", Boolean(size));
  find("photo-close").hidden = false;
  find("text").hidden = false;
  find("boxes").replaceChildren(...digits.map(makeBox));
  reach(find("boxes"), 0);
  markDense();
  tell(() => (reading.label ? nameOf(reading) : say().found(digits.length)) + (size ? "" : ` ${say().noPreview}`));
  tellBoxes();
  if (digits.length) choose(0);
  else draw(null);
}

function makeBox({ box: [left, top, right, bottom], unknown }, i) {
  const [width, height] = shown.size ?? [1, 1];
  const button = make("button", { type: "button", className: unknown ? "doubt" : "", onclick: () => choose(i), onfocus: () => choose(i) }, make("span"));
  const place = { left: left / width, top: top / height, width: (right - left) / width, height: (bottom - top) / height };
  for (const [side, share] of Object.entries(place)) button.style[side] = `${share * 100}%`;
  return button;
}

function markDense() {
  const heights = [...find("boxes").children].map((button) => button.getBoundingClientRect().height).sort((a, b) => a - b);
  find("boxes").classList.toggle("dense", heights[Math.floor(heights.length / 2)] < DENSE);
}

// The chosen digit is read as if it were drawn.
function choose(i) {
  if (shown.chosen === i) return;
  shown.chosen = i;
  reach(find("boxes"), i);
  [...find("boxes").children].forEach((button, place) => button.setAttribute("aria-pressed", String(place === i)));
  draw(inkOf(shown.digits[i].image), shown.digits[i].unknown);
}

function tellBoxes() {
  if (!shown) return;
  find("text").textContent = shown.reading.rows.join("\n") || shown.reading.label || "–";
  [...find("boxes").children].forEach((button, i) => {
    button.setAttribute("aria-label", nameOf(shown.digits[i]));
    button.firstChild.textContent = shown.digits[i].unknown ? "?" : shown.digits[i].label;
  });
}

function close(redraw = true) {
  if (!shown) return;
  shown = null;
  URL.revokeObjectURL(find("image").src);
  find("image").removeAttribute("src");
  find("photo").hidden = find("text").hidden = find("photo-close").hidden = true;
  find("pad").classList.remove("covered");
  find("boxes").replaceChildren();
  tell(() => "");
  if (redraw) {
    draw(ink());
    find("pad").focus({ preventScroll: true });
  }
}

const fileOf = (data) => [...data.files].find(({ type }) => type.startsWith("image/")) ?? data.files[0];

function startDropping() {
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    receive(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    if (!event.target.matches?.("input, textarea, select")) receive(event.clipboardData);
  });
}

function receive(data) {
  const file = fileOf(data);
  if (file) take(file);
  else tell(() => say().noFile);
}

export function startPhoto() {
  for (const id of ["file", "camera"]) {
    find(id).addEventListener("change", () => {
      if (find(id).files.length) take(find(id).files[0]);
      find(id).value = ""; // so that the same file can be chosen again
    });
  }
  startDropping();
  rove(find("boxes"));
  find("photo-close").addEventListener("click", () => close());
  new ResizeObserver(markDense).observe(find("picture"));
  on("network", () => { if (shown) close(); }); // it was read by another network
  on("language", () => {
    tell(state);
    tellBoxes();
  });
}

// The pad's strokes count again as soon as one is drawn.
export const leavePhoto = () => close(false);
