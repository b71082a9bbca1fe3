// The stages that show units: dense layers and the softmax.

import { make } from "../elements.js";
import { count, percent, say } from "../words.js";
import { after, placeName } from "./maps.js";
import { button, drawn, equation, group, mapName, number, push, quiet, result, still, text, titled } from "./parts.js";
import { asMaps, highest, indexOf, placeOf, pushesOf, sharesOf, sumOf } from "./values.js";

const STRONGEST = 10; // pushes that are listed
const SHOWN = 10; // classes that are listed unasked

// The stage whose output a dense layer reads: before the flattening, where the numbers have a row and a column.
const readFrom = (c) => (c.stages[c.index - 1].kind === "flatten" ? c.index - 2 : c.index - 1);

// Where the pushes come from: their sum at each place of the maps, or each unit's.
function origin(c, pushes) {
  const { inside } = say(), from = readFrom(c), { rows, columns, count: many, flat } = c.outputs[from];
  const values = pushes.map((it) => it.push), sumAt = (i) => sumOf(values.slice(i * many, (i + 1) * many));
  const shown = flat ? asMaps(values, [values.length])
    : asMaps(Array.from({ length: rows * columns }, (_, i) => sumAt(i)), [rows, columns, 1]);
  const title = inside.pushesFrom(inside.title(c.stages[from]));
  return titled(title, still(title, shown, drawn(shown, 0)), quiet(many > 1 ? inside.pushesSummed : inside.pushesEach));
}

function inputName(c, index) {
  const from = readFrom(c), stage = c.stages[from], maps = c.outputs[from], place = placeOf(maps, index);
  const where = placeName(stage, maps, place);
  return maps.count > 1 ? say().inside.of(mapName(stage, maps, place.map), where) : where;
}

function strongestPushes(c, pushes) {
  const listed = [...pushes].sort((a, b) => Math.abs(b.push) - Math.abs(a.push)).slice(0, STRONGEST);
  const most = highest(listed.map((it) => it.push));
  return make("ol", { className: "pushes", "aria-label": say().inside.strongest }, ...listed.map((it) => make(
    "li", { "data-value": it.push },
    text("span", inputName(c, it.index), { className: "from" }),
    text("span", `${number(it.value)} × ${number(it.weight)}`, { className: "product" }),
    push(it.push, most), text("b", number(it.push)),
  )));
}

// The classes in their order, or the highest where there are many.
function listed(c, scores) {
  const classes = Array.from(scores, (_, i) => i);
  if (classes.length <= SHOWN || c.all) return classes;
  return classes.sort((a, b) => scores[b] - scores[a]).slice(0, SHOWN);
}

export function showAll(c, total, shown) {
  if (total <= shown) return null;
  const words = c.all ? say().inside.fewer(shown) : say().inside.all(count(total));
  return button("all", { "aria-expanded": String(c.all), onclick: c.toggleAll, textContent: words });
}

// The score of each class; choosing one shows its pushes.
function scores(c, unit) {
  const { inside } = say(), { values, most } = c.maps, classes = listed(c, values), names = c.network.description.classNames;
  const buttons = classes.map((i) => button(
    `class-${i}`, { className: "score", "aria-pressed": String(i === unit), onclick: () => c.pin(placeOf(c.maps, i)) },
    text("span", names[i]), push(values[i], most), text("b", number(values[i])),
  ));
  return titled(inside.scores, group(inside.scores, buttons, classes.indexOf(unit)), showAll(c, values.length, SHOWN));
}

export function dense(c) {
  const { stage, maps, place, network } = c, { inside } = say(), unit = indexOf(maps, place), bias = stage.bias[unit];
  const pushes = pushesOf(stage, network.kernels, c.outputs[c.index - 1].values, unit), values = pushes.map((it) => it.push);
  const up = sumOf(values.filter((value) => value > 0)), down = sumOf(values.filter((value) => value < 0));
  const name = stage.last ? inside.quoted(network.description.classNames[unit]) : placeName(stage, maps, place);
  const terms = [{ value: up, name: inside.pushedUp }, { value: down, name: inside.pushedDown }, { value: bias, name: inside.bias }];
  return [
    origin(c, pushes),
    titled(inside.pushesTo(name), strongestPushes(c, pushes), equation(terms, { value: up + down + bias, name })),
    stage.last ? scores(c, unit) : after(c),
  ];
}

// Large and small numbers in powers of ten.
function power(value) {
  if (value >= 100 && value < 1e7) return count(Number(value.toFixed(1)));
  if (value >= 0.001 && value < 1e7) return String(Number(value.toPrecision(3)));
  const [digits, exponent] = value.toExponential(1).split("e"), raised = [...String(Number(exponent))];
  return `${digits}·10${raised.map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("")}`;
}

export function softmax(c) {
  const { inside } = say(), { classNames, temperature } = c.network.description, { values } = c.outputs[c.index - 1];
  const { powers, total, shares } = sharesOf(values, temperature), best = shares.indexOf(Math.max(...shares));
  const plain = temperature === 1, head = inside.softmaxHead(plain).map((words) => text("th", words, { scope: "col" }));
  const rows = listed(c, values).map((i) => {
    const steps = [number(values[i]), ...(plain ? [] : [number(values[i] / temperature)]), power(powers[i])];
    return make(
      "tr", { className: i === best ? "best" : "", "data-value": shares[i] }, text("th", classNames[i], { scope: "row" }),
      ...steps.map((words) => text("td", words)), make("td", {}, push(shares[i], 1), text("b", percent(shares[i]))),
    );
  });
  const shown = make("table", { className: "shares" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  const share = percent(shares[best]), said = `${power(powers[best])} / ${power(total)} ${/^[<>]/.test(share) ? share : `= ${share}`}`;
  return [
    titled(inside.shares, shown, showAll(c, values.length, SHOWN)),
    titled(
      inside.answer, text("p", classNames[best], { className: "answered" }), result(said, shares[best]),
      !plain && quiet(inside.temperature(number(temperature))), c.result.unknown && quiet(inside.unknown),
    ),
  ];
}
