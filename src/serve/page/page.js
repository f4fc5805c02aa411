// The live page. Frames come from /events: `all` with everything kept and the names, then `new` each
// second. The page shows what it was told and when; it computes nothing but shares.

import { areas, gathered, spark, stack } from "./charts.js";
import { LOCALES, WORDS } from "./words.js";

const WINDOW = 300;
const COLUMNS = 60;
/** Milliseconds without a frame after which what is shown counts as old. */
const PATIENCE = 4000;
/** Milliseconds between two attempts to connect. */
const AGAIN = 2000;

const $ = (id) => document.getElementById(id);
const state = { language: "en", slots: [], frame: null, names: null, heard: null, source: null };

const word = (key, n, p) => (WORDS[state.language][key] ?? key).replace("{n}", n ?? "").replace("{p}", p ?? "");
const number = (value, digits = 0) =>
  new Intl.NumberFormat(LOCALES[state.language], { maximumFractionDigits: digits }).format(value);
const percent = (count, of) =>
  of === 0 ? "–" : new Intl.NumberFormat(LOCALES[state.language], { style: "percent", maximumFractionDigits: 1 }).format(count / of);
const clock = (time) => new Intl.DateTimeFormat(LOCALES[state.language], { timeStyle: "medium" }).format(new Date(time));
const moment = (time) =>
  new Intl.DateTimeFormat(LOCALES[state.language], { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
const name = (entry) => entry?.names?.[state.language] ?? entry?.id ?? "";

function age(millis) {
  if (millis === null || millis === undefined) return "–";
  if (millis < 1000) return word("ms", number(millis));
  if (millis < 120000) return word("s", number(millis / 1000, 1));
  return word("min", number(millis / 60000, 1));
}

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function row(...cells) {
  const made = element("tr");
  made.append(...cells);
  return made;
}

/** Columns of the last five minutes of one count of the slots. */
const history = (pick) => gathered(state.slots.map(pick), COLUMNS, WINDOW);

function figures() {
  const { rate, age: ages, totals, in_flight: inFlight } = state.frame;
  const shown = [
    ["rate", number(rate, rate < 10 ? 1 : 0)],
    ["p50", age(ages.p50)],
    ["p99", age(ages.p99)],
    ["finished", number(totals.finished)],
    ["review_share", percent(totals.review, totals.classified), word("of", number(totals.classified))],
    ["in_flight", number(inFlight)],
    ["rejected", number(totals.rejected)],
  ];
  $("figures").replaceChildren(...shown.map(([key, value, more]) => {
    const group = element("div");
    const told = element("dd", value);
    if (more) told.append(" ", element("small", more));
    group.append(element("dt", word(key)), told);
    return group;
  }));
}

function charts() {
  const { slots } = state;
  const of = (pick) => slots.map(pick);
  const { rate, age: ages } = state.frame;
  areas($("rate"), [{ values: of((slot) => slot.finished), tone: "--accent", filled: true }], WINDOW,
    `${word("rate_chart")}: ${number(rate, 1)}`, (top) => number(top));
  areas($("age"), [
    { values: of((slot) => slot.p99), tone: "--second", filled: false },
    { values: of((slot) => slot.p50), tone: "--accent", filled: true },
  ], WINDOW, `${word("age_chart")}: ${age(ages.p99)}, ${age(ages.p50)}`, age);
  const grades = [0, 1, 2, 3].map((grade) => ({ values: history((slot) => slot.urgency[grade]), tone: `--u${grade}` }));
  const summary = state.frame.totals.urgency.map((count, grade) => `U${grade} ${number(count)}`).join(", ");
  stack($("grades"), grades, COLUMNS, `${word("urgency")}: ${summary}`, (top) => number(top));
}

/** A row with a name, its last five minutes, its count and its share. */
function counted(label, values, count, of, tone) {
  const heading = element("th", null, { scope: "row" });
  heading.append(label);
  const made = row(heading);
  if (values) {
    const cell = element("td", null, { class: "spark" });
    cell.append(spark(values, tone));
    made.append(cell);
  }
  made.append(element("td", number(count), { class: "number" }), element("td", percent(count, of), { class: "share" }));
  return made;
}

function bar(label, count, of, shown, tone) {
  const heading = element("th", null, { scope: "row" });
  heading.append(label);
  const track = element("div", null, { class: "bar", "aria-hidden": "true" });
  const fill = element("i");
  fill.style.inlineSize = `${of === 0 ? 0 : (100 * count) / of}%`;
  if (tone) fill.style.setProperty("--tone", `var(${tone})`);
  track.append(fill);
  const cell = element("td", null, { class: "spark" });
  cell.append(track);
  const made = row(heading, cell, element("td", number(count), { class: "number" }));
  if (shown !== null) made.append(element("td", shown, { class: "share" }));
  return made;
}

function tables() {
  const { totals, languages } = state.frame;
  const all = totals.classified;
  $("urgency").replaceChildren(...totals.urgency.map((count, grade) => {
    const key = element("span", null, { class: "key", "aria-hidden": "true" });
    key.style.setProperty("--tone", `var(--u${grade})`);
    const label = element("span");
    label.append(key, word(`u${grade}`));
    return bar(label, count, all, percent(count, all), `--u${grade}`);
  }));
  const labels = state.names.labels.map((entry, index) =>
    counted(name(entry), history((slot) => slot.labels[index]), totals.labels[index], all, "--accent"));
  labels.push(counted(word("unlabelled"), new Array(COLUMNS).fill(0), totals.unlabelled, all, "--u3"));
  labels.at(-1).querySelector("svg").remove();
  $("labels").replaceChildren(...labels);
  $("units").replaceChildren(...state.names.units.map((entry, index) =>
    counted(name(entry), history((slot) => slot.units[index]), totals.units[index], all, "--u2")));
  const tongues = new Intl.DisplayNames([LOCALES[state.language]], { type: "language", fallback: "code" });
  const tongue = (tag) => {
    if (["unknown", "other", "none"].includes(tag)) return word("language_" + tag);
    const own = { "ary": word("darija"), "ary-Latn": word("darija_latin"), "zgh": word("tamazight") };
    return own[tag] ?? tongues.of(tag);
  };
  $("languages").replaceChildren(...Object.entries(languages).sort((a, b) => b[1] - a[1])
    .map(([tag, count]) => bar(tongue(tag), count, all, percent(count, all), "--second")));
}

function lists() {
  const { urgent, communique, lag } = state.frame;
  const known = new Map([...state.names.labels, ...state.names.organisations, ...state.names.units].map((entry) => [entry.id, entry]));
  $("urgent").replaceChildren(...urgent.toReversed().map((event) => {
    const id = element("td");
    id.append(element("bdi", event.id, { class: "id" }));
    const tags = element("td");
    tags.append(...event.labels.map((label) => element("span", name(known.get(label) ?? { id: label }), { class: "tag" })));
    return row(element("td", clock(event.decided_at)), id, tags,
      element("td", name(known.get(event.unit) ?? { id: event.unit })), element("td", clock(event.acknowledge_by)));
  }));
  if (urgent.length === 0) $("urgent").replaceChildren(row(element("td", word("none_yet"), { colspan: 5 })));
  $("communique").replaceChildren(...communique.map((line) => {
    const detail = line.detail === undefined ? "" : word(line.detail);
    const label = line.kind === "line" ? name({ names: line.names }) : word(line.kind, detail);
    const made = row(element("th", label, { scope: "row" }), element("td", number(line.count), { class: "number" }),
      element("td", line.of === 0 ? "–" : word("share_of", number(line.of), percent(line.count, line.of)), { class: "share" }));
    if (line.part) made.className = "part";
    return made;
  }));
  const most = Math.max(1, ...lag.map((partition) => partition.messages));
  $("lag").replaceChildren(...lag.map(({ topic, partition, messages }) =>
    bar(element("bdi", `${topic} ${partition}`, { class: "id" }), messages, most, null, "--u1")));
  if (lag.length === 0) $("lag").replaceChildren(row(element("td", word("lag_none"))));
}

function process() {
  const { model, started_at: startedAt, ready } = state.frame;
  const code = (text, whole) => element("code", text, { dir: "ltr", title: whole });
  const facts = [
    ["model", element("bdi", model.name)],
    ["digest", code(model.digest.slice(0, 16), model.digest)],
    ["started", moment(startedAt)],
    ["ready", ready.ok ? word("yes") : word("no")],
  ];
  const made = facts.flatMap(([key, value]) => {
    const told = element("dd");
    told.append(value);
    return [element("dt", word(key)), told];
  });
  for (const check of ready.checks.filter((check) => !check.ok)) {
    const told = element("dd", null, { class: "bad" });
    told.append(element("bdi", check.found, { lang: "en", dir: "ltr" }));
    made.push(element("dt", word(`check_${check.name}`)), told);
  }
  $("process").replaceChildren(...made);
}

/** Tells how the stream stands; assistive technology hears it only when it changes. */
function standing() {
  const old = state.heard !== null && Date.now() - state.heard > PATIENCE;
  const gone = state.frame?.brokers_gone_since;
  let kind = "good";
  let told = word("moving");
  let alarm = "";
  if (state.heard === null) {
    [kind, told] = ["wait", word("connecting")];
  } else if (old) {
    [kind, told, alarm] = ["bad", word("stale", clock(state.heard)), word("cut", clock(state.heard))];
  } else if (gone) {
    [kind, told, alarm] = ["bad", word("not_ready"), word("gone", clock(gone))];
  } else if (!state.frame.ready.ok) {
    [kind, told] = ["warn", word("not_ready")];
  }
  document.body.classList.toggle("stale", old);
  $("state").dataset.kind = kind;
  if ($("state").textContent !== told) $("state").textContent = told;
  if ($("alarm").textContent !== alarm) $("alarm").textContent = alarm;
  $("alarm").hidden = alarm === "";
}

function draw() {
  if (state.frame) for (const part of [figures, charts, tables, lists, process]) part();
  standing();
}

function hear(event, all) {
  const frame = JSON.parse(event.data);
  if (all) state.names = frame.names;
  state.slots = (all ? frame.slots : [...state.slots, ...frame.slots]).slice(-WINDOW);
  state.frame = frame;
  state.heard = Date.now();
  draw();
}

function connect() {
  const source = new EventSource("/events");
  source.addEventListener("all", (event) => hear(event, true));
  source.addEventListener("new", (event) => hear(event, false));
  // The browser tries again by itself unless the answer was an error.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN);
  });
  state.source = source;
}

function speak(language) {
  state.language = language in WORDS ? language : "en";
  document.documentElement.lang = state.language;
  document.documentElement.dir = state.language === "ar" ? "rtl" : "ltr";
  document.title = `ibaleg – ${word("subtitle")}`;
  for (const spot of document.querySelectorAll("[data-word]")) spot.textContent = word(spot.dataset.word);
  $("language").value = state.language;
  draw();
}

function paint(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  $("theme").value = document.documentElement.dataset.theme ?? "auto";
}

/** A choice of the visitor: from the address, else as kept by the browser. */
function choice(key, otherwise) {
  const asked = new URLSearchParams(location.search).get(key);
  try {
    return asked ?? localStorage.getItem(key) ?? otherwise;
  } catch {
    return asked ?? otherwise;
  }
}

function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing forgets the choice.
  }
}

$("language").addEventListener("change", (event) => { keep("lang", event.target.value); speak(event.target.value); });
$("theme").addEventListener("change", (event) => { keep("theme", event.target.value); paint(event.target.value); });
paint(choice("theme", "auto"));
speak(choice("lang", navigator.language.slice(0, 2)));
connect();
setInterval(standing, 1000);
