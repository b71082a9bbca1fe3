// On the first visit a digit writes itself on the pad and is read; it leaves at the first touch.

import { isEmpty, showGhost } from "../core/pad.js";
import { remember, remembered } from "../core/settings.js";

// A 3, in shares of the pad.
const POINTS = Array.from({ length: 41 }, (_, i) => {
  const upper = i <= 20, turn = upper ? -2.5 + i / 20 * 4.1 : -1.57 + (i - 20) / 20 * 4.1;
  const [middle, radius] = upper ? [0.35, 0.14] : [0.645, 0.165];
  return { x: 0.49 + radius * Math.cos(turn), y: middle + radius * Math.sin(turn) };
});
const SECONDS = 2;

export function startGhost() {
  if (remembered("lenet.visited") || !isEmpty() || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  remember("lenet.visited", "yes");
  const began = performance.now();
  let left = false;
  const step = (now) => {
    if (left) return;
    const share = Math.min(1, (now - began) / 1000 / SECONDS);
    showGhost([{ width: 0.07, points: POINTS.slice(0, Math.max(1, Math.round(share * POINTS.length))) }]);
    if (share < 1) requestAnimationFrame(step);
  };
  const leave = () => {
    left = true;
    showGhost([]);
    for (const event of ["pointerdown", "keydown"]) removeEventListener(event, leave, true);
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, leave, true);
  requestAnimationFrame(step);
}
