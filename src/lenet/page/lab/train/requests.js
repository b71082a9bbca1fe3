// Trainings on the server: beginning, following, stopping.

import { rowsOf } from "../../core/paint.js";
import { lost } from "../connection.js";

// What the server refused: `say(words)` is a line in the page's language.
export class Refused extends Error {
  constructor({ code, error }) {
    super(error);
    this.say = ({ refused }) => refused[code] ?? refused.other(error);
  }
}

async function ask(path, method = "GET", content = undefined) {
  const request = { method };
  if (content !== undefined) Object.assign(request, { headers: { "content-type": "application/json" }, body: JSON.stringify(content) });
  const response = await fetch(`api/${path}`, request).catch(() => {
    lost();
    throw new Refused({ code: "lost" });
  });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw new Refused(answer);
  return answer;
}

export const begin = (wanted) => ask("runs", "POST", wanted);
// Let a process load what a training needs, so that it starts at once.
export const getReady = () => fetch("api/runs/ready", { method: "POST" }).catch(() => {}); // then it starts later
export const show = (id, image) => ask(`runs/${id}/drawing`, "PUT", { image: rowsOf(image, 28) });
export const stop = (id) => fetch(`api/runs/${id}`, { method: "DELETE", keepalive: true }).catch(() => {}); // it ends with the page
export const download = (model, format) => `api/download?${new URLSearchParams({ model, format })}`;

// Call `take(kind, data)` for each event of a training until it has ended; `lost` and `back` when the line breaks and is there
// again: the browser reconnects by itself.
export function follow(id, take) {
  const source = new EventSource(`api/runs/${id}/events`);
  for (const kind of ["waiting", "started", "progress", "done", "failed", "stopped"]) {
    source.addEventListener(kind, ({ data }) => {
      if (["done", "failed", "stopped"].includes(kind)) source.close();
      take(kind, JSON.parse(data));
    });
  }
  source.onopen = () => take("back");
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) take("failed", { code: "gone" }); // a restarted server does not know it
    else take("lost");
  };
}
