// The image that the network takes, and which places of the ink speak for an answer or against it.

import { ranked } from "./answer.js";
import { evidence } from "./evidence.js";
import { lab, on, readAgain } from "./lab.js";
import { paintImage, paintOver, rowsOf } from "./paint.js";
import { say } from "./words.js";

const find = (id) => document.getElementById(id);

// { title, text, rows } of what is asked: why the answer, or why not another class; null where nothing is drawn.
export function explanation() {
  if (!lab.result) return null;
  const names = lab.network.description.classNames, best = ranked(lab.result)[0], asked = lab.why ?? best;
  const seed = names.map((_, i) => Number(i === best) - Number(i === asked && asked !== best));
  const [name, other] = [names[best], names[asked]];
  const words = asked === best ? [say().why(name), say().whyText(name)] : [say().whyNot(other), say().whyNotText(name, other)];
  return { title: words[0], text: words[1], rows: evidence(lab.network, lab.image, lab.result.layers, seed) };
}

export const imageRows = () => {
  const { width, depth } = lab.network.description;
  return rowsOf(lab.image, width, depth);
};

function show() {
  if (lab.tab !== "try") return;
  const told = explanation(), empty = !told;
  paintImage(find("seen"), empty ? [[0]] : imageRows());
  find("why-title").textContent = empty ? say().whyEmpty : told.title;
  find("why-text").textContent = empty ? say().whyEmptyText : told.text;
  if (empty) paintImage(find("heat"), [[0]]);
  else paintOver(find("heat"), told.rows, imageRows());
}

export function startViews() {
  find("centre").addEventListener("change", () => {
    lab.centre = find("centre").checked;
    readAgain();
  });
  on("network", () => { find("centring").hidden = lab.network.description.framing === "whole"; }); // a whole picture is not centred
  for (const event of ["drawing", "why", "language", "tab"]) on(event, show);
}
