// The page: drawings are read here, in the browser; the server reads photos and trains.

import { speakAnswer, startAnswer } from "../core/answer.js";
import { start as startInside } from "../core/inside/inside.js";
import { words as insideWords } from "../core/inside/words.js";
import { chooseNetwork, draw, lab, on } from "../core/lab.js";
import { drawing, showStrokes, startPad } from "../core/pad.js";
import { startSettings } from "../core/settings.js";
import { showTab, startTabs } from "../core/tabs.js";
import { startViews } from "../core/views.js";
import { addWords } from "../core/words.js";
import { asked, startAddress, write } from "./address.js";
import { runs } from "./api.js";
import { startCard } from "./card.js";
import { tell } from "./connection.js";
import { startGallery } from "./gallery.js";
import { startGhost } from "./ghost.js";
import { leavePhoto, startPhoto } from "./photo.js";
import { startShare } from "./share.js";
import { start as startTrain } from "./train/train.js";
import { words as trainWords } from "./train/words.js";
import { showCollects, startTray } from "./tray.js";
import { words } from "./words.js";

const find = (id) => document.getElementById(id);

function drawn(ink) {
  leavePhoto();
  draw(ink);
  if (!drawing()) speakAnswer();
}

function startParts() {
  startAnswer();
  startViews();
  startTray();
  startShare();
  startGallery();
  startCard();
  startPhoto();
  startInside(find("inside"));
  startTrain(find("train"));
  startPad(drawn);
}

async function listNetworks() {
  const { names, collects, trains } = await runs(), chosen = lab.network?.name;
  lab.trains = trains;
  showCollects(collects);
  find("models").hidden = names.length < 2;
  find("model").replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  return names;
}

function choose(name) {
  chooseNetwork(name).catch((error) => {
    find("model").value = lab.network?.name ?? "";
    tell(error.message);
  });
}

async function connect() {
  const names = await listNetworks(), { network } = asked();
  startAddress(names[0]);
  choose(names.includes(network) ? network : names[0]);
}

function start() {
  addWords(words);
  addWords(insideWords, "inside");
  addWords(trainWords, "train");
  const { tab, edited, strokes } = asked();
  lab.edited = edited;
  startParts();
  startSettings();
  startTabs(() => write(true));
  showTab(tab);
  if (strokes?.length) showStrokes(strokes);
  else startGhost();
  find("model").addEventListener("change", () => choose(find("model").value));
  on("network", () => { find("model").value = lab.network.name; });
  on("networks", () => listNetworks().catch(() => {})); // the notice says why
  on("learn", () => {
    showTab("train");
    write(true);
  });
  connect().catch(() => on("connection", () => { if (!lab.network) connect().catch(() => {}); }));
}

start();
