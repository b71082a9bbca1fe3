// The page: drawings are sent to the server, and its answers are shown.

import { retellAnswer, showAnswer, showCollects, speakAnswer, startAnswer } from "./answer.js";
import { chosen, explain, predict, runs } from "./api.js";
import { retellCard, retellGallery, showCard, showGallery, startGallery } from "./gallery.js";
import { forgetInside, retellInside, showInside, showSeen } from "./inside.js";
import * as pad from "./pad.js";
import { retellPhoto, startPhoto } from "./photo.js";
import { startSettings, whenSpoken } from "./settings.js";

const find = (id) => document.getElementById(id);
const REST = 250; // milliseconds without a change, after which the drawing is explained

let wanted = 0; // number of changes
let asking = false;
let resting = null;
let explaining = null;

// For tests: whether the answer shown is that of the present drawing.
const mark = (name, state) => { document.body.dataset[name] = state; };

// One request at a time; changes in the meantime are sent next.
async function askAgain() {
  if (asking) return;
  asking = true;
  try {
    for (let asked = -1; asked !== wanted;) {
      asked = wanted;
      const request = { pixels: pad.pixels(), centre: find("centre").checked };
      const answer = pad.isEmpty() ? null : await predict(request.pixels, request.centre);
      showAnswer(answer, request);
      showSeen(answer ? answer.image : [[0]]);
    }
    mark("answer", "shown");
    if (!pad.drawing()) speakAnswer();
  } catch {
    mark("answer", "failed"); // the notice says why
  } finally {
    asking = false;
  }
}

async function explainNow() {
  explaining = new AbortController();
  const { signal } = explaining;
  try {
    const explained = pad.isEmpty() ? null : await explain(pad.pixels(), find("centre").checked, signal);
    if (signal.aborted) return;
    await showInside(explained, signal);
    if (!signal.aborted) mark("inside", "shown");
  } catch {
    // aborted, or the notice says why
  }
}

function changed() {
  wanted += 1;
  mark("answer", "waiting");
  mark("inside", "waiting");
  askAgain();
  explaining?.abort();
  clearTimeout(resting);
  // During a stroke, the processor is left to the answers.
  resting = setTimeout(() => { if (!pad.drawing()) explainNow(); }, REST);
}

function lookInside(image) {
  pad.show(image);
  find("draw").scrollIntoView({ block: "start" });
}

async function switchModel() {
  explaining?.abort();
  forgetInside();
  await takeModel();
  await showGallery(lookInside);
}

async function takeModel() {
  const about = await showCard();
  startAnswer(about.class_names);
  find("centring").hidden = about.framing === "whole"; // a whole picture is not centred
  changed();
}

async function start() {
  startSettings();
  pad.startPad(changed);
  find("centre").addEventListener("change", changed);
  startPhoto(lookInside);
  startGallery(lookInside);
  whenSpoken(() => [retellAnswer, retellInside, retellPhoto, retellGallery, retellCard].forEach((retell) => retell()));
  const [{ names, collects }] = await Promise.all([runs(), takeModel()]);
  showCollects(collects);
  find("models").hidden = names.length < 2;
  find("model").replaceChildren(...names.map((name) => new Option(name, name)));
  find("model").addEventListener("change", () => {
    chosen.model = find("model").value;
    switchModel().catch(() => {}); // the notice says why
  });
  await showGallery(lookInside);
}

start().catch(() => {}); // the notice says why
