// A strip of test digits that the network was not trained on; a press puts one on the pad.

import { make, reach, rove } from "../core/elements.js";
import { lab, on } from "../core/lab.js";
import { show } from "../core/pad.js";
import { paintImage } from "../core/paint.js";
import { say } from "../core/words.js";
import { gallery } from "./api.js";

const find = (id) => document.getElementById(id);
const SAMPLES = 10;
let seed = 0;
let samples = [];

function tell() {
  [...find("samples").children].forEach((button, i) => button.setAttribute("aria-label", say().sample(samples[i].label, i + 1)));
}

async function fetchSamples() {
  const { name } = lab.network, found = await gallery(SAMPLES, seed).catch(() => ({ samples: [] })); // some networks have none
  if (name !== lab.network.name) return;
  ({ samples } = found);
  find("more").parentElement.hidden = !samples.length;
  find("samples").replaceChildren(...samples.map(({ image }, i) => {
    const canvas = document.createElement("canvas");
    paintImage(canvas, image);
    const press = () => {
      reach(find("samples"), i);
      show(image);
    };
    return make("button", { type: "button", onclick: press }, canvas);
  }));
  reach(find("samples"), 0);
  tell();
}

export function startGallery() {
  rove(find("samples"));
  find("more").addEventListener("click", () => {
    seed += 1;
    fetchSamples();
  });
  for (const event of ["network", "connection"]) on(event, () => { if (lab.network) fetchSamples(); });
  on("language", tell);
}
