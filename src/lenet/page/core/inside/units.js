// The stages that show units: dense layers and the softmax.

import { make } from "../elements.js";
import { count, percent, say } from "../words.js";
import { after, placeName } from "./maps.js";
import { button, drawn, equation, group, mapName, number, push, result, still, titled } from "./parts.js";
import { asMaps, highest, indexOf, placeOf, pushesOf, sharesOf, sumOf } from "./values.js";

const STRONGEST = 10; // pushes that are listed
const SHOWN = 10; // classes that are listed unasked

// The stage whose output a dense layer reads: before the flattening, where the numbers have a row and a column.
const readFrom = (c) => (c.stages[c.index - 1].kind === "flatten" ? c.index - 2 : c.index - 1);

// Where the pushes come from: their sum at each place of the maps, or each unit's.
function origin(c, pushes) {
  const from = readFrom(c), maps = c.outputs[from], { inside } = say(), values = Float32Array.from(pushes, ({ push: value }) => value);
  const places = Array.from({ length: maps.flat ? 0 : maps.rows * maps.columns }, (_, i) => sumOf(values.subarray(i * maps.count, (i + 1) * maps.count)));
  const shown = maps.flat ? asMaps(values, [values.length]) : asMaps(Float32Array.from(places), [maps.rows, maps.columns, 1]);
  const title = inside.pushesFrom(inside.title(c.stages[from]));
  return titled(title, still(title, shown, drawn(shown, 0)), make("p", { className: "quiet", textContent: maps.count > 1 ? inside.pushesSummed : inside.pushesEach }));
}

function inputName(c, index) {
  const from = readFrom(c), maps = c.outputs[from], place = placeOf(maps, index), where = placeName(c.stages[from], maps, place);
  return maps.count > 1 ? `${mapName(c.stages[from], maps, place.map)}, ${where}` : where;
}

function strongestPushes(c, pushes) {
  const { inside } = say(), listed = [...pushes].sort((a, b) => Math.abs(b.push) - Math.abs(a.push)).slice(0, STRONGEST);
  const most = highest(listed.map((it) => it.push));
  return make("ol", { className: "pushes", "aria-label": inside.strongest }, ...listed.map((it) => make("li", { "data-value": it.push },
    make("span", { className: "from", textContent: inputName(c, it.index) }), make("span", { className: "product", textContent: `${number(it.value)} × ${number(it.weight)}` }),
    push(it.push, most), make("b", { textContent: number(it.push) }))));
}

// The classes in their order, or the highest where there are many.
function listed(c, scores) {
  const classes = Array.from(scores, (_, i) => i);
  if (classes.length <= SHOWN || c.all) return classes;
  return classes.sort((a, b) => scores[b] - scores[a]).slice(0, SHOWN);
}

export function showAll(c, total, shown) {
  return total > shown && button("all", { "aria-expanded": String(c.all), onclick: c.toggleAll, textContent: c.all ? say().inside.fewer(shown) : say().inside.all(count(total)) });
}

// The score of each class; choosing one shows its pushes.
function scores(c, unit) {
  const { inside } = say(), { values } = c.maps, classes = listed(c, values), names = c.network.description.classNames;
  const buttons = classes.map((i) => button(`class-${i}`, { className: "score", "aria-pressed": String(i === unit), onclick: () => c.pin(placeOf(c.maps, i)) },
    make("span", { textContent: names[i] }), push(values[i], c.maps.most), make("b", { textContent: number(values[i]) })));
  return titled(inside.scores, group(inside.scores, buttons, classes.indexOf(unit)), showAll(c, values.length, SHOWN));
}

export function dense(c) {
  const { stage, maps, place, network } = c, { inside } = say(), unit = indexOf(maps, place);
  const pushes = pushesOf(stage, network.kernels, c.outputs[c.index - 1].values, unit);
  const up = sumOf(pushes.map((it) => Math.max(0, it.push))), down = sumOf(pushes.map((it) => Math.min(0, it.push))), bias = stage.bias[unit];
  const name = stage.last ? inside.quoted(network.description.classNames[unit]) : placeName(stage, maps, place);
  const line = equation([{ value: up, name: inside.pushedUp }, { value: down, name: inside.pushedDown }, { value: bias, name: inside.bias }],
    { value: up + down + bias, name });
  return [
    origin(c, pushes),
    titled(inside.pushesTo(name), strongestPushes(c, pushes), line),
    stage.last ? scores(c, unit) : after(c),
  ];
}

// Large and small numbers in powers of ten.
function power(value) {
  if (value >= 0.001 && value < 1e7) return value >= 100 ? count(Number(value.toFixed(1))) : String(Number(value.toPrecision(3)));
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits.replace("-", "−")}·10${[...String(Number(exponent))].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("")}`;
}

export function softmax(c) {
  const { inside } = say(), { classNames, temperature } = c.network.description, values = c.outputs[c.index - 1].values;
  const { powers, total, shares } = sharesOf(values, temperature), best = shares.indexOf(Math.max(...shares));
  const head = make("tr", {}, ...inside.softmaxHead(temperature === 1).map((text) => make("th", { scope: "col", textContent: text })));
  const rows = listed(c, values).map((i) => make("tr", { className: i === best ? "best" : "", "data-value": shares[i] },
    make("th", { scope: "row", textContent: classNames[i] }),
    ...[number(values[i]), temperature !== 1 && number(values[i] / temperature), power(powers[i])].filter(Boolean).map((text) => make("td", { textContent: text })),
    make("td", {}, push(shares[i], 1), make("b", { textContent: percent(shares[i]) }))));
  const notes = [temperature !== 1 && inside.temperature(number(temperature)), c.result.unknown && inside.unknown].filter(Boolean);
  return [
    titled(inside.shares, make("table", { className: "shares" }, make("thead", {}, head), make("tbody", {}, ...rows)), showAll(c, values.length, SHOWN)),
    titled(inside.answer, make("p", { className: "answered", textContent: classNames[best] }),
      result(inside.share(power(powers[best]), power(total), percent(shares[best])), shares[best]),
      ...notes.map((text) => make("p", { className: "quiet", textContent: text }))),
  ];
}
