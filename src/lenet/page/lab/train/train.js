// The Train tab: what is trained, the training while it runs, and the finished networks.

import { make } from "../../core/elements.js";
import { chooseNetwork, emit, imageFor, lab, loadNetwork, on } from "../../core/lab.js";
import { lost } from "../connection.js";
import { pin, placeBars, showGrowing, startBeside } from "./beside.js";
import { setClasses } from "./blocks.js";
import { corrected, startCorrections } from "./corrections.js";
import { button, said, whenSpoken, words } from "./elements.js";
import { clearLive, showProgress, showStart, startLive } from "./live.js";
import { begin, follow, getReady, show as showDrawing, stop } from "./requests.js";
import { addResult, startResults } from "./results.js";
import { faultOf, isReady, nameOf, setup, startSetup, tellSetup } from "./setup.js";
import { drawn, endCollecting, signCount, signsReady, startSigns } from "./signs.js";

const KINDS = ["mnist", "signs", "corrections"];
let kind = "mnist"; // what is learnt from
let run = null; // { id, name, framing, set, ended: whether Stop was pressed } of the training that runs or waits
let message = () => ""; // (words) → what happened last
const parts = {};

// One drawing is on its way at a time, ten a second at most; the last one is sent.
let sending = false;
let unsent = false;
async function sendDrawing() {
  unsent = true;
  if (sending || !run) return;
  sending = true;
  while (unsent && run) {
    unsent = false;
    const image = imageFor({ description: { height: 28, width: 28, depth: 1, framing: run.framing === "none" ? "whole" : "mark" } });
    if (image) await showDrawing(run.id, image).catch(() => {}); // the stream says why
    await new Promise((done) => setTimeout(done, 100));
  }
  sending = false;
}

function wanted() {
  if (kind === "corrections") return { name: "learnt", from: lab.network.name, drawn: corrected() };
  const { images, epochs, ...rest } = setup(), more = epochs ? { epochs } : {};
  if (kind === "signs") return { ...rest, ...more, name: "signs", data: "drawn", drawn: drawn(), recipe: "few", framing: "mark" };
  return { ...rest, ...more, images, name: nameOf(), data: "mnist" };
}

function prepare() {
  if (lab.trains && lab.tab === "train" && !run) getReady();
  update();
}

// Why nothing can be trained now; empty when it can.
function obstacle() {
  if (lab.trains === false) return words().refused.off;
  if (kind === "corrections") return lab.tray.length ? "" : words().noCorrections;
  if (!isReady()) return faultOf();
  return kind === "signs" && !signsReady() ? words().tooFewSigns : "";
}

async function train() {
  if (run || obstacle()) return;
  const asked = wanted();
  say((text) => text.starting);
  parts.start.disabled = true;
  try {
    const { id, name } = await begin(asked);
    run = { id, name, framing: asked.framing ?? lab.network.description.framing, set: { ...setup(), kind } };
  } catch (error) {
    say(error.say);
    return;
  }
  if (kind === "signs") endCollecting();
  clearLive();
  parts.live.hidden = false;
  showGrowing(run.name, null);
  follow(run.id, take);
  sendDrawing();
  update();
  parts.stop.focus();
}

function stopRun() {
  run.ended = true;
  stop(run.id);
}

function take(event, data) {
  const { name } = run;
  if (event === "waiting") say((text) => text.waiting(data.place));
  else if (event === "started") {
    showStart(data);
    say((text) => text.running(name));
  } else if (event === "progress") {
    showProgress(data);
    showGrowing(name, data.drawing);
  } else if (event === "lost") say((text) => text.lost);
  else if (event === "back") say((text) => text.running(name));
  else end(event, data);
}

// The new network stands beside the one in use; what was learnt from drawings is used at once.
async function bringIn(name, learntFrom) {
  if (learntFrom === "mnist") return pin(await loadNetwork(name));
  pin(learntFrom === "corrections" ? lab.network : null); // what it read before it learnt
  return chooseNetwork(name);
}

async function end(event, data) {
  const { set, ended } = run;
  run = null;
  showGrowing(null);
  if (event === "failed") say((text) => text.failed[data.code] ?? text.failed.other);
  else if (event === "stopped") {
    parts.live.hidden = true;
    say((text) => (ended ? text.stopped : text.unfollowed));
  } else {
    say((text) => (set.kind === "mnist" ? text.done : text.inUse)(data.name));
    emit("networks");
    addResult(data, set);
    await bringIn(data.name, set.kind).catch(lost);
  }
  prepare();
  if (document.activeElement === document.body || document.activeElement === parts.stop) parts.start.focus();
}

function say(text) {
  message = text;
  update();
}

function choose(next) {
  kind = next;
  message = () => "";
  parts.live.hidden = !run;
  setClasses(kind === "signs" ? signCount() : 10);
  update();
}

function update() {
  const why = obstacle();
  parts.panel.dataset.kind = kind;
  parts.start.textContent = kind === "corrections" ? words().learn : words().train;
  parts.start.hidden = Boolean(run);
  parts.start.disabled = Boolean(run || why);
  parts.stop.hidden = !run;
  parts.status.textContent = (run ? "" : why) || message(words());
  for (const input of parts.kinds.querySelectorAll("input")) {
    input.checked = input.value === kind;
    input.disabled = Boolean(run);
  }
}

function makeKinds() {
  const radio = (name) => make("label", {},
    make("input", { type: "radio", name: "kind", value: name, onchange: () => choose(name) }), said("span", (text) => text.kindsOfData[name]));
  return make("fieldset", { className: "kinds" }, said("legend", (text) => text.learnFrom, { className: "only-heard" }), ...KINDS.map(radio));
}

function listen() {
  on("drawing", sendDrawing);
  on("tray", update);
  on("network", prepare);
  on("setup", () => {
    if (kind === "signs") setClasses(signCount());
    update();
  });
  on("learn", () => {
    choose("corrections");
    train();
  });
  on("tab", () => {
    placeBars(lab.tab === "train" ? parts.bars : document.getElementById("beside"));
    prepare();
  });
  addEventListener("pagehide", () => { if (run) stop(run.id); });
  whenSpoken(() => {
    tellSetup();
    update();
  });
}

// Fill the tab.
export function start(panel) {
  Object.assign(parts, {
    panel,
    kinds: makeKinds(),
    start: button((text) => text.train, train, { className: "primary", id: "start" }),
    stop: button((text) => text.stop, stopRun, { hidden: true, id: "stop" }),
    status: make("p", { className: "status", role: "status" }),
    live: startLive(),
    bars: make("div", { className: "bars-place" }),
  });
  startBeside();
  const setting = startSetup();
  panel.append(
    said("p", (text) => text.lead, { className: "quiet" }),
    make("div", { className: "head" }, parts.kinds, make("div", { className: "go" }, parts.start, parts.stop)), parts.status,
    startSigns(() => lab.tab === "train" && kind === "signs" && !run), startCorrections(),
    parts.live, parts.bars, startResults(), setting);
  listen();
}
