// The page in one file: it holds its network, and works without a server.

import { speakAnswer, startAnswer } from "../core/answer.js";
import { start as startInside } from "../core/inside/inside.js";
import { words as insideWords } from "../core/inside/words.js";
import { draw, takeNetwork } from "../core/lab.js";
import { createNetwork } from "../core/network.js";
import { drawing, startPad } from "../core/pad.js";
import { startSettings } from "../core/settings.js";
import { showTab, startTabs } from "../core/tabs.js";
import { startViews } from "../core/views.js";
import { addWords } from "../core/words.js";
import { description, kernels } from "./weights.js";
import { words } from "./words.js";

addWords(words(description));
addWords(insideWords, "inside");
startAnswer();
startViews();
startInside(document.getElementById("inside"));
startPad((ink) => {
  draw(ink);
  if (!drawing()) speakAnswer();
});
startSettings();
startTabs();
showTab("try");
takeNetwork({ name: "lenet", ...createNetwork(description, kernels()) });
