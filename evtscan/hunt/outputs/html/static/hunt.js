// The page of a hunt: counts, the ATT&CK matrix, and the time line, which every list filters.

const ROW = ["number", "time", "computer", "rules", "channel", "provider", "eventId", "recordId", "details", "source"];
const RULE = ["title", "level", "id", "file", "tags", "tactics", "techniques", "count", "first", "last"];

const named = (names, values) => Object.fromEntries(names.map((name, at) => [name, values[at]]));

const tacticName = (tactic) => capital(tactic.replace(/-/g, " "));

const flat = (row, key) => [...new Set(row.rules.flatMap((rule) => rule[key]))];

function timeLine(data) {
  return new ListTable({
    caption: "Time line",
    noun: "detection",
    rows: data.rows,
    sort: "time",
    columns: [
      { key: "time", label: "Time", cell: (row) => time(row.time), by: (row) => row.time },
      { key: "level", label: "Level", cell: (row) => level(row.level), by: (row) => LEVELS.indexOf(row.level) },
      { key: "rule", label: "Rule", cell: (row) => row.titles.join("; "), by: (row) => row.titles.join("; ") },
      { key: "computer", label: "Computer", cell: (row) => row.computer, by: (row) => row.computer },
      { key: "event", label: "Event", cell: (row) => joined([row.provider, row.eventId], " "), by: (row) => row.eventId ?? "" },
      { key: "record", label: "Record", look: "amount", cell: (row) => row.recordId, by: (row) => row.recordId ?? "" },
      { key: "details", label: "Details", look: "details", cell: (row) => row.details },
      { key: "source", label: "File", cell: (row) => row.source, by: (row) => row.source },
    ],
    facets: [
      { key: "level", label: "Level", of: (row) => row.level, order: LEVELS, buttons: true },
      { key: "rule", label: "Rule", of: (row) => row.titles },
      { key: "computer", label: "Computer", of: (row) => row.computer },
      { key: "day", label: "Day", of: (row) => day(row.time) },
      { key: "tactic", label: "Tactic", of: (row) => flat(row, "tactics"), name: tacticName },
      { key: "technique", label: "Technique", of: (row) => flat(row, "techniques") },
    ],
    words: (row) => joined([...row.titles, row.computer, row.provider, row.eventId, row.details, row.source], " "),
    changed: () => pressed.forEach((update) => update()),
  });
}

// What is to be done when the filters change: each button of a list shows whether it is one of them.
const pressed = [];

// A button that filters the time line by one value, and shows the time line.
function filter(table, key, value, label, count, attributes) {
  const node = button(
    [el("span", null, label), el("span", { class: "amount" }, number(count))],
    () => {
      const chosen = table().chosen.get(key);
      if (chosen) table().choose(() => chosen.delete(value) || chosen.add(value));
      table().node.scrollIntoView({ block: "start" });
    },
    { "aria-pressed": "false", ...attributes },
  );
  pressed.push(() => {
    const chosen = table() && table().chosen.get(key);
    node.setAttribute("aria-pressed", Boolean(chosen && chosen.has(value)));
  });
  return node;
}

const span = (first, last) => (first === last ? moment(first) : `${moment(first)} to ${moment(last)}`);

function list(title, table, key, entries) {
  if (!entries.length) return null;
  return section(
    title,
    { class: "card" },
    el(
      "div",
      { class: "pick" },
      entries.map(([name, count, first, last]) =>
        filter(table, key, name, name || "(none)", count, { title: span(first, last) }),
      ),
    ),
  );
}

// Heat 0 to 3: how many detections a technique has compared with the one that has most.
function heat(count, most) {
  if (!count) return 0;
  return 1 + Math.min(2, Math.floor((3 * Math.log(count)) / Math.log(most + 1)));
}

function matrix(data, table) {
  if (!data.matrix.length) return null;
  const most = Math.max(...data.matrix.flatMap(([, , techniques]) => techniques.map(([, , count]) => count)), 1);
  const columns = data.matrix.map(([tactic, count, techniques]) =>
    el(
      "div",
      null,
      el("h3", null, tacticName(tactic)),
      filter(table, "tactic", tactic, "all", count),
      techniques.map(([technique, name, found]) =>
        filter(table, "technique", technique, joined([technique, name], " "), found, { "data-heat": heat(found, most) }),
      ),
    ),
  );
  return section(
    "ATT&CK tactics and techniques",
    { class: "card" },
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "ATT&CK matrix" }, el("div", { class: "matrix" }, columns)),
  );
}

function rulesTable(data, table) {
  return section(
    "Rules",
    null,
    new ListTable({
      caption: "Rules that matched",
      noun: "rule",
      rows: data.rules,
      columns: [
        { key: "level", label: "Level", cell: (rule) => level(rule.level), by: (rule) => LEVELS.indexOf(rule.level) },
        { key: "count", label: "Count", look: "amount", cell: (rule) => number(rule.count), by: (rule) => rule.count, down: true },
        {
          key: "title",
          label: "Rule",
          cell: (rule) => link("#time-line", el("span", { on: { click: () => only(table(), "rule", rule.title) } }, rule.title)),
          by: (rule) => rule.title,
        },
        { key: "first", label: "First", cell: (rule) => time(rule.first), by: (rule) => rule.first },
        { key: "last", label: "Last", cell: (rule) => time(rule.last), by: (rule) => rule.last },
        { key: "tags", label: "Tags", cell: (rule) => rule.tags.join(", ") },
        { key: "file", label: "File", cell: (rule) => rule.file, by: (rule) => rule.file },
      ],
      facets: [{ key: "level", label: "Level", of: (rule) => rule.level, order: LEVELS, buttons: true }],
      words: (rule) => joined([rule.title, rule.id, rule.file, ...rule.tags], " "),
    }).node,
  );
}

function only(table, key, value) {
  const chosen = table.chosen.get(key);
  if (chosen)
    table.choose(() => {
      chosen.clear();
      chosen.add(value);
    });
}

function show(data) {
  data.rules = data.rules.map((rule) => named(RULE, rule));
  data.rows = data.rows.map((values) => {
    const row = named(ROW, values);
    row.rules = row.rules.map((at) => data.rules[at]);
    row.titles = row.rules.map((rule) => rule.title);
    row.level = LEVELS.find((name) => row.rules.some((rule) => rule.level === name));
    return row;
  });
  let made = null;
  const table = () => made;
  const cut = data.number > data.rows.length;
  fill(
    document.getElementById("main"),
    el("h1", null, `${plural(data.total, "detection")} by ${plural(data.rules.length, "rule")}`),
    el("p", { class: "lead" }, data.total ? span(data.span[0], data.span[1]) : "No rule matches."),
    el(
      "ul",
      { class: "tiles" },
      data.levels.map(([name, count]) =>
        el("li", { class: "pick" }, filter(table, "level", name, capital(name), count, { "data-level": name })),
      ),
    ),
    matrix(data, table),
    el(
      "div",
      { class: "columns" },
      list("Computers", table, "computer", data.computers),
      list("Days", table, "day", data.days),
    ),
    data.rules.length > 0 && rulesTable(data, table),
    (made = data.rows.length ? timeLine(data) : null) &&
      section(
        "Time line",
        { id: "time-line" },
        cut &&
          el(
            "p",
            null,
            `This page has ${number(data.rows.length)} of ${number(data.number)} rows, those of the highest levels; timeline.csv has all of them.`,
          ),
        made.node,
      ),
  );
  pressed.forEach((update) => update());
  fill(document.getElementById("top"), el("span", { class: "name" }, "evtscan hunt"));
  fill(document.getElementById("foot"), "evtscan hunt");
}

if (matchMedia("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";

document.addEventListener("DOMContentLoaded", async () => {
  try {
    show(await unpacked("index"));
  } catch (error) {
    fill(document.getElementById("wait"), `The page cannot be opened in this browser: ${error.message}`);
  }
});
