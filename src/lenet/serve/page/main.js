// The page: what is drawn is asked about, and what comes back is shown.

import { retellAnswer, showAnswer, showCollects, speakAnswer, startAnswer } from "./answer.js";
import { chosen, explain, predict, runs } from "./api.js";
import { retellCard, retellGallery, showCard, showGallery, startGallery } from "./gallery.js";
import { forgetInside, retellInside, showInside, showSeen } from "./inside.js";
import * as pad from "./pad.js";
import { retellPhoto, startPhoto } from "./photo.js";
import { startSettings, whenSpoken } from "./settings.js";

const find = (id) => document.getElementById(id);
const REST = 250; // milliseconds without a change, after which what is drawn is explained

let wanted = 0; // changes so far
let asking = false;
let resting = null;
let explaining = null;

// For whoever waits for the page, such as a test: whether what is shown is of what is drawn.
const mark = (name, state) => { document.body.dataset[name] = state; };

// One question at a time: what changed meanwhile is asked next.
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
    mark("answer", "failed"); // the notice has told
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
    await showInside(explained);
    if (!signal.aborted) mark("inside", "shown");
  } catch {
    // overtaken, or the notice has told
  }
}

function changed() {
  wanted += 1;
  mark("answer", "waiting");
  mark("inside", "waiting");
  askAgain();
  explaining?.abort();
  clearTimeout(resting);
  // In the middle of a stroke, the processor is left to the answers.
  resting = setTimeout(() => { if (!pad.drawing()) explainNow(); }, REST);
}

function lookInside(image) {
  pad.show(image);
  find("draw").scrollIntoView({ block: "start" });
}

async function switchModel() {
  forgetInside();
  await takeModel();
  await showGallery(lookInside);
}

async function takeModel() {
  const about = await showCard();
  startAnswer(about.class_names);
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
    switchModel().catch(() => {}); // the notice has told
  });
  await showGallery(lookInside);
}

start().catch(() => {}); // the notice has told
