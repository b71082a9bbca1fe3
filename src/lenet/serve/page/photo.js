// A photo: boxes around its digits, and its text; or the class of the whole picture.

import { read } from "./api.js";
import { paintImage } from "./paint.js";
import { percent, say } from "./settings.js";

const find = (id) => document.getElementById(id);
let shown = null; // { reading, digits, chosen, visible }
let asked = 0;
let lookInside = () => {};

const nameOf = (digit) =>
  digit.unknown ? say().boxUnknown(digit.label) : say().boxName(digit.label, percent(digit.probability));

async function take(file) {
  const turn = ++asked, address = URL.createObjectURL(file), image = find("image");
  find("photo").scrollIntoView({ block: "start" });
  find("photo-said").textContent = say().reading;
  find("photo-body").hidden = true;
  const visible = new Promise((done) => {
    image.onload = () => done(true);
    image.onerror = () => done(false);
  });
  image.src = address;
  try {
    const [reading, seen] = await Promise.all([read(file), visible]);
    if (turn === asked) show(reading, seen);
  } catch (error) {
    if (turn === asked) find("photo-said").textContent = error.message;
  } finally {
    URL.revokeObjectURL(address);
  }
}

function show(reading, visible) {
  find("photo-body").hidden = false;
  find("picture").hidden = !visible;
  find("box").hidden = true;
  const { naturalWidth: width, naturalHeight: height } = find("image");
  // A model that classifies whole pictures gives one answer and no digits.
  const whole = reading.label ? [{ ...reading, box: [0, 0, width, height] }] : [];
  const digits = [...reading.digits, ...whole];
  shown = { reading, digits, chosen: -1, visible };
  find("boxes").replaceChildren(...digits.map((digit, i) => {
    const button = document.createElement("button"), [left, top, right, bottom] = digit.box;
    button.type = "button";
    button.tabIndex = i === 0 ? 0 : -1;
    button.className = digit.unknown ? "doubt" : "";
    const place = { left: left / width, top: top / height, width: (right - left) / width, height: (bottom - top) / height };
    for (const [side, share] of Object.entries(place)) button.style[side] = `${share * 100}%`;
    button.append(document.createElement("span"));
    button.addEventListener("click", () => choose(i));
    button.addEventListener("focus", () => choose(i));
    return button;
  }));
  retellPhoto();
}

function choose(i) {
  shown.chosen = i;
  const digit = shown.digits[i];
  [...find("boxes").children].forEach((button, place) => {
    button.setAttribute("aria-pressed", String(place === i));
    button.tabIndex = place === i ? 0 : -1;
  });
  find("box").hidden = false;
  paintImage(find("box-seen"), digit.image);
  find("box-said").textContent = `${digit.unknown ? `${nameOf(digit)}. ` : ""}${say().best(digit.top.map(([name, share]) => [name, percent(share)]))}`;
}

export function retellPhoto() {
  if (!shown) return;
  const { reading, digits, chosen, visible } = shown;
  find("photo-said").textContent = (reading.label ? nameOf(reading) : say().found(digits.length)) + (visible ? "" : ` ${say().noPreview}`);
  find("text").textContent = reading.rows.join("\n") || "–";
  [...find("boxes").children].forEach((button, i) => {
    button.setAttribute("aria-label", nameOf(digits[i]));
    button.firstChild.textContent = digits[i].unknown ? "?" : digits[i].label;
  });
  if (chosen >= 0) choose(chosen);
}

function rove(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const buttons = [...find("boxes").children];
  if (!step || !buttons.length) return;
  buttons[Math.min(buttons.length - 1, Math.max(0, shown.chosen + step))].focus();
  event.preventDefault();
}

// `look` is called with the image of a mark to look inside.
export function startPhoto(look) {
  lookInside = look;
  for (const id of ["file", "camera"]) {
    find(id).addEventListener("change", () => {
      if (find(id).files.length) take(find(id).files[0]);
      find(id).value = ""; // so that the same file can be chosen again
    });
  }
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files[0]);
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
    if (file) take(file);
  });
  find("boxes").addEventListener("keydown", rove);
  find("box-look").addEventListener("click", () => lookInside(shown.digits[shown.chosen].image));
}
