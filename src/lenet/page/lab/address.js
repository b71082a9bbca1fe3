// The page's state in its address: tab, network, the one edited in Train, and strokes, so that refresh, Back and links work.

import { chooseNetwork, emit, lab, on } from "../core/lab.js";
import { showStrokes, strokes } from "../core/pad.js";
import { showTab } from "../core/tabs.js";

const REST = 300; // milliseconds without a change, after which the strokes are written
const NEAR = 0.008; // of the pad; points nearer to the one before are left out

// Strokes as bytes: width in thousandths, number of points (two bytes), then x and y in 256ths of the pad.
function encode(list) {
  const byte = (share) => Math.min(255, Math.max(0, Math.round(share * 255)));
  const bytes = list.flatMap(({ width, points }) => {
    const kept = points.filter(({ x, y }, i) => i === 0 || i === points.length - 1 || Math.hypot(x - points[i - 1].x, y - points[i - 1].y) > NEAR);
    return [Math.round(width * 1000), kept.length >> 8, kept.length & 255, ...kept.flatMap(({ x, y }) => [byte(x), byte(y)])];
  });
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The inverse; null for what no page has written.
function decode(text) {
  try {
    const bytes = Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0)), list = [];
    for (let i = 0; i < bytes.length;) {
      const width = bytes[i] / 1000, count = bytes[i + 1] * 256 + bytes[i + 2], end = i + 3 + 2 * count;
      if (!count || end > bytes.length) return null;
      const points = [];
      for (i += 3; i < end; i += 2) points.push({ x: bytes[i] / 255, y: bytes[i + 1] / 255 });
      list.push({ width, points });
    }
    return list;
  } catch {
    return null;
  }
}

export function asked() {
  const entries = new URLSearchParams(location.hash.slice(1));
  return { tab: entries.get("tab") ?? "try", network: entries.get("network"), edited: entries.get("layers"), strokes: decode(entries.get("strokes") ?? "") };
}

function current() {
  const list = strokes() ?? [], query = new URLSearchParams();
  if (lab.tab !== "try") query.set("tab", lab.tab);
  if (lab.network && lab.network.name !== served) query.set("network", lab.network.name);
  if (lab.edited !== null) query.set("layers", lab.edited);
  if (list.length) query.set("strokes", encode(list));
  return query.size ? `#${query}` : "";
}

let served = null; // the network that needs no name in the address
let writing = null;

// Another tab is another page for Back; all else replaces the present address.
export function write(asPage = false) {
  clearTimeout(writing);
  writing = null;
  if (location.hash === current()) return;
  if (asPage) history.pushState(null, "", current());
  else history.replaceState(null, "", current());
}

export function startAddress(name) {
  served = name;
  const writeSoon = () => {
    clearTimeout(writing);
    writing = setTimeout(write, REST);
  };
  on("drawing", writeSoon);
  on("network", writeSoon);
  on("setup", writeSoon);
  addEventListener("pagehide", () => { if (writing) write(); });
  addEventListener("popstate", () => { // Back, Forward, or a link pasted into the address bar
    const { tab, network, edited, strokes: list } = asked();
    if (tab !== lab.tab) showTab(tab);
    if ((network ?? served) !== lab.network?.name) chooseNetwork(network ?? served).catch(() => {});
    if (edited !== lab.edited) {
      lab.edited = edited;
      emit("edited");
    }
    if (list?.length && location.hash !== current()) showStrokes(list);
  });
}
