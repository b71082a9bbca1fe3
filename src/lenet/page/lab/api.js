// Requests to the server.

import { lab } from "../core/lab.js";
import { say } from "../core/words.js";
import { found, lost, tell } from "./connection.js";

const TRIES = 5;
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

// Why something was refused, in the page's language.
const reason = (status, what) => say().refused[`${what} ${status}`] ?? say().refused[status] ?? say().refused.other(status);

function address(path, query) {
  const given = Object.entries({ model: lab.network?.name, ...query }).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `api/${path}?${new URLSearchParams(given)}` : `api/${path}`;
}

// Ask until there is an answer or a refusal, whose message is in the page's language; when the server is busy, try again.
export async function ask(path, query = {}, request = {}) {
  for (let attempt = 1; ; attempt++) {
    let response;
    try {
      response = await fetch(address(path, query), request);
    } catch {
      lost();
      throw new Error(say().lost);
    }
    found();
    if ((response.status === 503 || response.status === 504) && attempt < TRIES) {
      tell(say().busy);
      await pause(Number(response.headers.get("retry-after")) || 1);
      continue;
    }
    tell("");
    if (!response.ok) throw new Error(reason(response.status, path));
    return response.json();
  }
}

const post = (body, type) => ({ method: "POST", headers: { "content-type": type }, body });

export const runs = () => ask("runs", { model: null });
export const details = () => ask("model");
export const gallery = (count, seed) => ask("gallery", { count, seed });
export const card = () => ask("card");
export const compare = (model, other) => ask("compare", { model, other });
export const mistakes = (truth, read) => ask("mistakes", { true: truth, read });
export const readPhoto = (blob) => ask("read", { images: true }, post(blob, blob.type || "application/octet-stream"));
export const collect = (pixels, label) => ask("collect", {}, post(JSON.stringify({ pixels, centre: false, label }), "application/json"));
