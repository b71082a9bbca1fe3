// The page: drawings are answered here, in the browser; the server reads photos, explains and trains.

import { startAnswer } from "../core/answer.js";
import { chooseNetwork, draw } from "../core/lab.js";
import { startPad } from "../core/pad.js";
import { startSettings } from "../core/settings.js";
import { addWords } from "../core/words.js";
import { runs } from "./api.js";
import { start as startInside } from "../core/inside/inside.js";
import { words as insideWords } from "../core/inside/words.js";
import { startTabs } from "./tabs.js";
import { start as startTrain } from "./train/train.js";
import { words as trainWords } from "./train/words.js";
import { words } from "./words.js";

const find = (id) => document.getElementById(id);

async function start() {
  addWords(words);
  addWords(insideWords, "inside");
  addWords(trainWords, "train");
  startAnswer();
  startPad(draw);
  startInside(find("inside"));
  startTrain(find("train"));
  startSettings();
  startTabs();
  const { names } = await runs();
  find("models").hidden = names.length < 2;
  find("model").replaceChildren(...names.map((name) => new Option(name, name)));
  find("model").addEventListener("change", () => chooseNetwork(find("model").value));
  await chooseNetwork(names[0]);
}

start().catch(() => {}); // the notice says why
