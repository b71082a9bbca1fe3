// The description of the API, made from openapi.json, whose texts are English; nothing is fetched from other servers.

import { on } from "../core/lab.js";
import { startSettings } from "../core/settings.js";
import { addWords, say } from "../core/words.js";

const make = (name, ...children) => {
  const element = document.createElement(name);
  element.append(...children);
  return element;
};

// For the voice that reads the page.
const english = (element) => Object.assign(element, { lang: "en" });

addWords({
  en: {
    title: "lenet: API", lab: "To the lab", example: "Example", inEnglish: "",
    parts: { parameters: "Parameters", body: "Body", answer: "Answer", refusals: "Refusals" },
  },
  zh: {
    title: "lenet：API 文档", lab: "回到实验室", example: "示例", inEnglish: "接口说明取自 openapi.json，原文为英文。",
    parts: { parameters: "参数", body: "请求体", answer: "响应", refusals: "错误响应" },
  },
});

const description = await (await fetch("openapi.json")).json();
const resolve = (schema) => (schema?.$ref ? description.components.schemas[schema.$ref.split("/").at(-1)] : schema) ?? {};

function kind(schema) {
  schema = schema ?? {};
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.additionalProperties?.$ref) return `object of ${kind(schema.additionalProperties)}`;
  if (schema.prefixItems) return `[${schema.prefixItems.map(kind).join(", ")}]`;
  if (schema.type === "array") return `list of ${kind(schema.items)}`;
  if (schema.format === "binary") return "a file's bytes";
  return schema.type ?? "anything";
}

function table(rows, label) {
  const body = make("table", ...rows.map(([name, ...cells]) => make("tr", make("td", make("code", name)), ...cells.map((cell) => english(make("td", cell))))));
  const around = make("div", body);
  around.className = "wide";
  around.tabIndex = 0;
  around.setAttribute("role", "group");
  around.setAttribute("aria-label", label);
  return around;
}

function fields(schema) {
  const { properties = {}, additionalProperties } = resolve(schema);
  if (additionalProperties?.$ref) return [["…", kind(additionalProperties), resolve(additionalProperties).description ?? ""]];
  return Object.entries(properties).map(([name, field]) => [name, kind(field), field.description ?? ""]);
}

function part(title, rows) {
  return rows.length ? [make("h3", title), table(rows, title)] : [];
}

function route(path, method, about) {
  const tag = make("span", method.toUpperCase());
  tag.className = "method";
  const content = about.requestBody?.content ?? {};
  const answer = about.responses["200"]?.content?.["application/json"]?.schema;
  const section = make(
    "section",
    make("h2", tag, path),
    english(make("p", about.description ?? about.summary ?? "")),
    ...part(say().parts.parameters, (about.parameters ?? []).map(({ name, schema, description: text }) => [`?${name}=`, kind(schema), text ?? ""])),
    ...part(say().parts.body, Object.entries(content).flatMap(([type, { schema }]) => [[type, kind(schema), ""], ...fields(schema)])),
    ...part(say().parts.answer, fields(answer)),
    ...part(say().parts.refusals, Object.entries(about.responses).filter(([status]) => status !== "200").map(([status, { description: text }]) => [status, text])),
  );
  section.className = "card route";
  return section;
}

english(document.getElementById("lead")).textContent = description.info.description;
const here = new URL(".", location.href);
document.getElementById("example").textContent = `curl --data-binary @photo.jpg ${here}api/read`;
on("language", () => document.getElementById("routes").replaceChildren(
  ...Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, about]) => route(path, method, about))),
));
startSettings();
