// Requests to the server.

import { say } from "../core/words.js";

export const chosen = { model: null };
const notice = document.getElementById("notice");
const TRIES = 5;

function address(path, query) {
  const given = Object.entries({ model: chosen.model, ...query }).filter(([, value]) => value !== null && value !== undefined);
  return `api/${path}?${new URLSearchParams(given)}`;
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// Ask until there is an answer or a refusal; when the queue is full, try again.
async function ask(path, query, request = {}, show = tell) {
  for (let attempt = 1; ; attempt++) {
    let response;
    try {
      response = await fetch(address(path, query), request);
    } catch (error) {
      if (error.name !== "AbortError") show(say().lost);
      throw error;
    }
    if ((response.status === 503 || response.status === 504) && attempt < TRIES) {
      show(say().busy);
      await pause(Number(response.headers.get("retry-after")) || 1);
      continue;
    }
    const content = await response.json();
    show(response.ok ? "" : content.error);
    if (!response.ok) throw new Error(content.error);
    return content;
  }
}

const drawing = (pixels, centre, more = {}) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ pixels, centre, ...more }),
});

export const predict = (pixels, centre) => ask("predict", {}, drawing(pixels, centre));
export const explain = (pixels, centre, signal) => ask("explain", {}, { ...drawing(pixels, centre), signal });
export const collect = (pixels, centre, label) => ask("collect", {}, drawing(pixels, centre, { label }));
export const read = (file) =>
  ask("read", { images: true }, { method: "POST", headers: { "content-type": file.type || "application/octet-stream" }, body: file });
export const runs = () => ask("runs", {});
export const details = () => ask("model", {});
export const kernels = () => ask("kernels", {});
export const gallery = (count, seed) => ask("gallery", { count, seed }, {}, () => {}); // there may be none
