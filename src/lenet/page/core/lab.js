// What the parts of the page share: the network, the drawing and its answer; and who is told when they change.

import { frame } from "./ink.js";
import { createNetwork } from "./network.js";
import { rowsOf } from "./paint.js";
import { readInk } from "./reading.js";

export const lab = {
  tab: "try", // "try", "inside" or "train"
  network: null, // { name, description, kernels, read(image) → { probabilities, unknown, layers: { name: Float32Array } } }; null while loading
  pinned: null, // a second network beside the first
  ink: null, // what is on the pad, as `pad.ink()` gives it; null for an empty pad
  doubtful: false, // whether the server has called the ink unknown, as it may for a mark of a photo
  centre: true, // whether a mark is brought to MNIST's form
  marks: [], // each mark on the pad: { image, box: [left, top, right, bottom] as shares of the pad, result }
  chosen: 0, // index of the mark that is looked at
  image: null, // Uint8Array of the chosen mark as the network takes it; null for an empty pad
  result: null, // what the network says about it, as `network.read` returns it; `unknown` also for what no digit looks like
  why: null, // index of the class that is explained; null for the answer
  edited: null, // text of the network that is edited in Train; null for the default, and while it is no network
  trains: null, // whether the server trains networks; null while it has not said so
  tray: [], // corrections: { image, label, rows }: label null for no digit, rows those of the image
};

const listeners = {};
// Events: "drawing" (image and result are new), "network", "networks" (there are others to choose from), "pinned",
// "why", "tab", "language", "tray", "learn", "setup" (what is trained was changed), "edited" (the address names another network to edit), "connection" (the
// server is there again).
export const on = (event, listener) => { (listeners[event] ??= []).push(listener); };
export const emit = (event) => (listeners[event] ?? []).forEach((listener) => listener());

export function choose(index) {
  const mark = lab.marks[index];
  Object.assign(lab, { chosen: index, image: mark?.image ?? null, result: mark?.result ?? null });
  emit("drawing");
}

// Read what is on the pad.
export function readAgain() {
  lab.marks = lab.network && lab.ink ? readInk(lab.network, lab.ink, lab.centre) : [];
  if (lab.doubtful) for (const { result } of lab.marks) result.unknown = true;
  choose(0);
}

export function draw(ink, doubtful = false) {
  Object.assign(lab, { ink, doubtful });
  readAgain();
}

// The drawing as another network takes it; null for an empty pad.
export const imageFor = (network) => (lab.ink ? frame(lab.ink, network.description, lab.centre).image : null);

export function putInTray(image, label, { width, depth }) {
  lab.tray.push({ image, label, rows: rowsOf(image, width, depth) });
  emit("tray");
}
export function removeFromTray(index) {
  lab.tray.splice(index, 1);
  emit("tray");
}

const loading = {};
async function fetchNetwork(name) {
  const query = new URLSearchParams({ model: name });
  const fetchOk = async (path) => {
    const response = await fetch(`api/${path}?${query}`);
    if (!response.ok) throw new Error((await response.json()).error);
    return response;
  };
  const [description, weights] = await Promise.all([fetchOk("network"), fetchOk("weights")]);
  const network = createNetwork(await description.json(), new Float32Array(await weights.arrayBuffer()));
  return { name, ...network };
}

// A network by its name, fetched once; rejects with the server's words.
export function loadNetwork(name) {
  loading[name] ??= fetchNetwork(name).catch((error) => {
    delete loading[name];
    throw error;
  });
  return loading[name];
}

export function takeNetwork(network) {
  lab.network = network;
  emit("network");
  readAgain();
}

let wanted = "";
export async function chooseNetwork(name) {
  wanted = name;
  const network = await loadNetwork(name);
  if (wanted === name) takeNetwork(network); // another may have been chosen in the meantime
}
