// A card of the drawing, its answer and what speaks for it, as a picture; and a link to all of it.

import { verdictOf } from "../core/answer.js";
import { make } from "../core/elements.js";
import { lab, on } from "../core/lab.js";
import { isEmpty, strokes } from "../core/pad.js";
import { paintImage, paintOver } from "../core/paint.js";
import { explanation, imageRows } from "../core/views.js";
import { say } from "../core/words.js";
import { write } from "./address.js";
import { tellDone } from "./tray.js";

const find = (id) => document.getElementById(id);
const WIDTH = 1200, HEIGHT = 630; // as link previews have it

function panel(pen, source, left, smooth) {
  const side = 340, top = 190;
  pen.imageSmoothingEnabled = smooth;
  pen.drawImage(source, left, top, side, side);
}

function fit(pen, text, width, size, weight = 400) {
  do pen.font = `${weight} ${size--}px ${getComputedStyle(document.body).fontFamily}`;
  while (pen.measureText(text).width > width);
}

function picture() {
  const canvas = make("canvas", { width: WIDTH, height: HEIGHT }), pen = canvas.getContext("2d"), style = getComputedStyle(document.body);
  const seen = document.createElement("canvas"), heat = document.createElement("canvas");
  const colour = (name) => { // light-dark() is resolved by an element only
    const probe = document.body.appendChild(make("i"));
    probe.style.color = `var(${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const { said } = verdictOf(), told = explanation();
  paintImage(seen, imageRows());
  paintOver(heat, told.rows, imageRows());
  pen.fillStyle = style.backgroundColor;
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  pen.fillStyle = colour("--text");
  fit(pen, said, 1080, 72, 700);
  pen.fillText(said, 60, 120);
  pen.fillStyle = colour("--surface");
  pen.fillRect(60, 190, 340, 340);
  const isDrawn = !isEmpty() && strokes() !== null && find("photo").hidden;
  panel(pen, isDrawn ? find("pad") : seen, 60, isDrawn);
  panel(pen, seen, 430, false);
  panel(pen, heat, 800, false);
  pen.fillStyle = colour("--quiet");
  [say().drawing, say().sees, told.title].forEach((text, i) => {
    fit(pen, text, 340, 24);
    pen.fillText(text, 60 + 370 * i, 565);
  });
  const foot = `${say().title} · ${lab.network.name}`;
  fit(pen, foot, 1080, 24);
  pen.fillText(foot, 60, 605);
  return canvas;
}

function savePicture() {
  picture().toBlob((blob) => {
    const address = URL.createObjectURL(blob);
    make("a", { href: address, download: "lenet.png" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    tellDone(() => say().pictureSaved);
  });
}

async function copyLink() {
  write();
  const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  tellDone(() => (copied ? say().linkCopied : say().linkShown));
}

export function startShare() {
  find("share-picture").addEventListener("click", savePicture);
  find("share-link").addEventListener("click", copyLink);
  on("drawing", () => {
    for (const id of ["share-picture", "share-link"]) find(id).disabled = !lab.result;
  });
}
