// Play: the stages one after another; in a convolution or pooling, the window slides over its input.

import { say } from "../words.js";
import { isPooling } from "./stages.js";

const TICK = 40; // milliseconds
const SLIDE = 7000; // for one map: slowly at first, so that single steps can be seen
const REST = 5000; // for each stage, after that

// `walk` is { button, canStart(), stage(), show(filled), next(), first() }; `filled` is how many numbers of the map are
// computed, nothing for all. Gives { toggle(), pause() }.
export function startPlaying(walk) {
  let timer = null, since = 0, shown;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  function pause() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    if (shown) walk.show();
    tell();
  }

  function tell() {
    walk.button.dataset.word = timer === null ? "inside.play" : "inside.pause";
    walk.button.textContent = timer === null ? say().inside.play : say().inside.pause;
  }

  function tick() {
    const { kind, output: [rows, columns], last } = walk.stage(), passed = performance.now() - since;
    const slides = !still.matches && (kind === "conv" || isPooling(kind)), sliding = slides && passed < SLIDE;
    const filled = sliding ? 1 + Math.floor(rows * columns * (passed / SLIDE) ** 2) : undefined;
    if (passed < REST + (slides ? SLIDE : 0)) {
      if (filled !== shown) walk.show(filled);
      shown = filled;
    } else if (last) pause();
    else {
      walk.next();
      begin();
    }
  }

  function begin() {
    since = performance.now();
    shown = undefined;
    tick();
  }

  function toggle() {
    if (timer !== null) return pause();
    if (!walk.canStart()) return undefined;
    if (walk.stage().last) walk.first();
    timer = setInterval(tick, TICK);
    begin();
    return tell();
  }

  return { toggle, pause };
}
