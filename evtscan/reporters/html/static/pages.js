// One finding, one host, one rule.

import {
  EVENT_LEVELS,
  TRUTH_SIGNS,
  VERDICT_WORDS,
  capital,
  joined,
  moment,
  number,
  plural,
  systemOf,
  titleOf,
} from "./text.js";
import { badge, button, code, el, fill, inRow, level, link, plainTable, properties, section, time } from "./dom.js";
import { countVerdicts } from "./data.js";
import { ListTable } from "./table.js";
import { sessionName } from "./strip.js";
import { Picture } from "./picture.js";
import { copy, ticketOfFinding } from "./ticket.js";
import { findingsTable, hostHref, ruleHref, trail } from "./lists.js";
import { keep, recall } from "./app.js";

export async function findingPage(report, finding, neighbours) {
  const { host, rule } = finding;
  const hostDetail = await report.details(host);
  const detail = hostDetail.findings[host.list.indexOf(finding)];
  const facts = [...new Set(detail.explanation.map((node) => node.fact).filter(Boolean))];
  const done = new Checklist(finding.key);
  return {
    title: `${titleOf(rule)} on ${host.name}`,
    node: [
      el(
        "div",
        { class: "between" },
        trail(link("#/findings", "Findings"), link(hostHref(host), host.name)),
        neighbours,
      ),
      el("h1", null, titleOf(rule)),
      inRow(
        "p",
        badge(finding.verdict),
        level(rule.level),
        rule.kind,
        link(ruleHref(rule), rule.article || "the rule"),
        finding.entity && el("span", null, "concerns ", code(finding.entity)),
        finding.status !== "new" && el("span", { class: "tag" }, finding.status),
      ),
      el("p", { class: "lead reason" }, detail.reason || capital(VERDICT_WORDS[finding.verdict])),
      el(
        "div",
        { class: "actions" },
        button("Copy as ticket", () => copy(ticketOfFinding(report, finding, detail, (at) => done.has(at))), {
          class: "primary",
        }),
        button("Print", () => window.print()),
      ),
      el(
        "div",
        { class: "sides" },
        el(
          "div",
          null,
          remedyList(detail.remedy, done),
          missing(detail),
          changesBefore(detail),
          why(detail.explanation),
        ),
        el("aside", { class: "card", "aria-label": "In short" }, inShort(finding, detail)),
      ),
      section("Time line", { class: "timeline" }, new Picture(hostDetail, facts, detail.marks, detail.events).node),
      events(detail),
      surroundings([host.name, host.computer, ...hostDetail.other_names], detail),
      about(rule),
    ],
  };
}

function inShort(finding, detail) {
  const { host } = finding;
  const records = detail.events.map((event) => event.record_id).filter((record) => record !== null);
  return properties([
    ["Host", link(hostHref(host), host.name)],
    ["Computer", host.computer !== host.name && host.computer],
    ["System", systemOf(host)],
    ["First seen", time(finding.first_seen)],
    ["Last seen", finding.last_seen !== finding.first_seen && time(finding.last_seen)],
    ["Events", finding.count > 0 && plural(finding.count, "event")],
    ["Logged by", detail.event_ids.length > 0 && `${joined(detail.providers, "/")} ${joined(detail.event_ids, "/")}`],
    ["Log", joined(detail.channels)],
    [
      "Records",
      records.length > 0 &&
        (records.length > 6 ? `${joined(records.slice(0, 3))} … ${records[records.length - 1]}` : joined(records)),
    ],
    ["Activity", finding.activity !== "unknown" && finding.activity],
    ["Basis", finding.basis],
    [
      "Coverage",
      detail.coverage_from && [
        time(detail.coverage_from),
        " to ",
        time(detail.coverage_to),
        detail.complete && `, ${detail.complete}`,
      ],
    ],
    [
      "Evidence",
      detail.source_files.length > 0 &&
        el(
          "ul",
          { class: "plain" },
          detail.source_files.map((file) => el("li", null, file)),
        ),
    ],
    ["Finding", code(finding.key)],
  ]);
}

// ---------------------------------------------------------------------------------------------- what to do

// Which steps are done, kept by the browser as far as it lets a file keep anything.
class Checklist {
  constructor(key) {
    this.name = `evtscan:done:${key}`;
    this.steps = new Set(JSON.parse(recall(this.name) || "[]"));
  }

  has(step) {
    return this.steps.has(step);
  }

  set(step, isDone) {
    if (isDone) this.steps.add(step);
    else this.steps.delete(step);
    keep(this.name, this.steps.size ? JSON.stringify([...this.steps].sort((one, other) => one - other)) : null);
  }
}

function remedyList(steps, done) {
  if (!steps.length) return null;
  const progress = el("p", { class: "quiet", role: "status" });
  const tell = () =>
    fill(progress, `${number(steps.filter((_, at) => done.has(at)).length)} of ${plural(steps.length, "step")} done`);
  tell();
  return section(
    "What to do",
    null,
    el(
      "ol",
      { class: "checklist" },
      steps.map((step, at) => {
        const box = el("input", { type: "checkbox", on: { change: () => (done.set(at, box.checked), tell()) } });
        box.checked = done.has(at);
        return el("li", null, el("label", null, box, el("span", null, step)));
      }),
    ),
    progress,
  );
}

function missing(detail) {
  if (!detail.missing_facts.length && !detail.how_to_get.length) return null;
  return section(
    "Still missing",
    { class: "missing" },
    detail.missing_facts.length > 0 &&
      el(
        "p",
        null,
        "Known, these would help to decide: ",
        detail.missing_facts.map((fact, at) => [at > 0 && ", ", code(fact)]),
        ".",
      ),
    detail.how_to_get.length > 0 &&
      el(
        "ul",
        null,
        detail.how_to_get.map((way) => el("li", null, wayOf(way, detail.missing_facts))),
      ),
  );
}

// What changed on the host before the first event, nearest first.
function changesBefore(detail) {
  if (!detail.changes.length) return null;
  return section(
    "What changed before",
    null,
    el(
      "ul",
      null,
      detail.changes.map((change) => el("li", null, change)),
    ),
  );
}

// A way to get a fact begins with the fact's name, which keeps its spelling; others are sentences.
function wayOf(way, facts) {
  const fact = facts.find((name) => way.startsWith(`${name}: `));
  return fact ? [code(fact), way.slice(fact.length)] : capital(way);
}

// ----------------------------------------------------------------------------------------------------- why

// The conditions as lists in lists: each with its truth, what is known, and where that stands.
function why(conditions) {
  const [first, ...more] = conditions;
  if (!first || (!more.length && !first.says && !first.places.length)) return null; // the rule asks for nothing
  const top = el("ul", { class: "tree" });
  const open = [top];
  for (const node of conditions) {
    open.length = Math.min(node.depth + 1, open.length);
    const inner = el("ul");
    const item = el("li", null, condition(node), inner);
    open[open.length - 1].append(item);
    open.push(inner);
  }
  for (const list of top.querySelectorAll("ul")) if (!list.childElementCount) list.remove();
  return section("Why", null, top);
}

function condition(node) {
  return el(
    "div",
    { class: "condition", "data-truth": node.truth },
    el(
      "span",
      { class: "truth" },
      el("span", { "aria-hidden": "true", class: "sign" }, TRUTH_SIGNS[node.truth]),
      node.truth,
    ),
    el(
      "div",
      null,
      el("span", { class: "test" }, node.text),
      node.basis && el("span", { class: "tag" }, node.basis),
      node.says && el("div", null, node.says),
      node.places.map((place) => el("div", { class: "place-of" }, place)),
      node.more > 0 && el("div", { class: "place-of" }, `and ${number(node.more)} more places`),
    ),
  );
}

// -------------------------------------------------------------------------------------------------- events

function events(detail) {
  if (!detail.events.length) return null;
  const left = detail.matches - detail.events.length;
  const half = Math.ceil(detail.events.length / 2);
  const rows = detail.events.map((event) => [
    time(event.timestamp),
    badge(event.verdict),
    [event.provider, " ", el("strong", null, event.event_id)],
    event.record_id === null ? "" : String(event.record_id),
    [event.details, event.message && el("div", { class: "message" }, event.message)],
    event.source_file,
  ]);
  if (left > 0)
    rows.splice(
      half,
      0,
      el("tr", null, el("td", { colspan: "6", class: "quiet" }, `${plural(left, "event")} in between: see events.csv`)),
    );
  const columns = [
    ["Time", "time"],
    ["Verdict", "short"],
    ["Event", "text"],
    ["Record", "number"],
    ["Data", "data"],
    ["File", "name"],
  ];
  return section("Events", null, plainTable("Events of this finding", columns, rows, { class: "rows" }));
}

function surroundings(names, detail) {
  if (!detail.surroundings.length) return null;
  const columns = [
    ["Distance", "number"],
    ["Time", "time"],
    ["Level", "short"],
    ["Event", "text"],
    ["Record", "number"],
    ["Data", "data"],
  ];
  const key = (file, record) => `${record} ${file}`;
  const own = new Set(detail.events.map((event) => key(event.source_file, event.record_id)));
  return section(
    "Around it",
    null,
    detail.surroundings.map((near, at) => {
      const which = detail.surroundings.length === 1 ? "it" : `its ${at ? "last" : "first"} event`;
      const name = `The records around ${which} in ${near.source}`;
      const rows = near.rows.map((row) => {
        const isOwn = row.distance === 0 || (row.record_id !== null && own.has(key(near.source, row.record_id)));
        const cells = [
          isOwn ? ownEvent() : `${row.distance > 0 ? "+" : "−"}${Math.abs(row.distance)}`,
          time(row.timestamp),
          EVENT_LEVELS[row.event_level] || "",
          [
            row.provider,
            " ",
            el("strong", null, row.event_id),
            row.computer && !isOneOf(names, row.computer) && el("span", { class: "quiet" }, ` ${row.computer}`),
          ],
          row.record_id === null ? "" : String(row.record_id),
          row.details,
        ];
        return el(
          "tr",
          { class: isOwn && "self" },
          cells.map((cell, place) => el("td", { class: columns[place][1] }, cell)),
        );
      });
      return [el("h3", null, name), plainTable(name, columns, rows, { class: "rows" })];
    }),
  );
}

const ownEvent = () =>
  el("strong", { title: "an event of this finding" }, "▶", el("span", { class: "unseen" }, "an event of this finding"));

// Whether a computer is one of these, by the first label of its name.
function isOneOf(names, computer) {
  const label = (name) => name.split(".")[0].toLowerCase();
  return names.some((name) => label(name) === label(computer));
}

// -------------------------------------------------------------------------------------------------- a rule

function about(rule) {
  const pairs = ruleTexts(rule);
  return pairs.length > 0 && section("About the problem", null, properties(pairs, { class: "prose" }));
}

function ruleTexts(rule) {
  if (!rule.text) return [];
  const list = (items) =>
    items.length > 0 &&
    (items.length === 1
      ? reference(items[0])
      : el(
          "ul",
          null,
          items.map((item) => el("li", null, reference(item))),
        ));
  const { text } = rule;
  return [
    ["What it is", text.description],
    ["Cause", text.cause],
    ["Remedy", list(text.remedy)],
    ["Until then", list(text.workaround)],
    ["Fixed in", text.fixed_in],
    ["What else logs it", list(text.lookalikes)],
    ["References", list(text.references)],
    ["Tags", (text.tags || []).join(", ")],
  ].filter(([, value]) => value);
}

// A web address becomes a link, which opens only when somebody follows it.
const reference = (text) =>
  /^https?:\/\/[^\s]+$/i.test(text)
    ? el("a", { href: text, rel: "noreferrer noopener", target: "_blank" }, text)
    : text;

export function rulePage(report, rule, query, remember) {
  const table = findingsTable(report, rule.list, ["problem", "level"], { query, changed: remember });
  return {
    title: titleOf(rule),
    table,
    node: [
      trail(link("#/rules", "Rules")),
      el("h1", null, titleOf(rule)),
      inRow(
        "p",
        rule.article && el("strong", null, rule.article),
        level(rule.level),
        rule.kind,
        countVerdicts(report, rule.list).map(([verdict, count]) => badge(verdict, count)),
      ),
      el(
        "div",
        { class: "sides" },
        el("div", null, properties(ruleTexts(rule), { class: "prose" })),
        el(
          "aside",
          { class: "card", "aria-label": "In short" },
          properties([
            ["Article", rule.article],
            ["Level", level(rule.level)],
            ["Kind", rule.kind],
            ["Status", rule.status],
            ["File", rule.text && rule.text.file],
            ["Rule", code(rule.id)],
          ]),
        ),
      ),
      section("Findings", null, table.node),
    ],
  };
}

// -------------------------------------------------------------------------------------------------- a host

export async function hostPage(report, host) {
  const detail = await report.details(host);
  const table = host.list.length ? findingsTable(report, host.list, ["host"], {}) : null;
  return {
    title: host.name,
    table,
    node: [
      trail(link("#/hosts", "Hosts")),
      el("h1", null, host.name),
      inRow(
        "p",
        systemOf(host),
        host.role,
        host.worst && badge(host.worst),
        countVerdicts(report, host.list).length > 1 && plural(host.list.length, "finding"),
      ),
      el(
        "div",
        { class: "sides" },
        el(
          "div",
          null,
          section(
            "Findings",
            null,
            table
              ? table.node
              : el(
                  "p",
                  { class: "quiet" },
                  host.judged
                    ? `No finding in ${plural(host.logs, "log")} with ${plural(host.records, "record")}.`
                    : "Could not be judged: no event log was read.",
                ),
          ),
          blindOf(report, host),
        ),
        el("aside", { class: "card", "aria-label": "In short" }, hostInShort(host, detail)),
      ),
      section("Time line", { class: "timeline" }, new Picture(detail, tellingFacts(detail), [], []).node),
      factsOf(detail),
      evidenceOf(detail),
      warningsOf(host, detail),
      skippedOf(host, detail),
    ],
  };
}

function hostInShort(host, detail) {
  return properties([
    ["Computer", host.computer],
    ["Other names", joined(detail.other_names)],
    ["System", systemOf(host)],
    ["Version", joined([detail.version, detail.build, detail.ubr], ".")],
    ["Updated to", detail.update_date],
    ["Role", host.role],
    ["Components", joined(detail.components)],
    ["First event", time(host.first_event)],
    ["Last event", time(host.last_event)],
    ["Records", host.logs > 0 && `${number(host.records)} in ${plural(host.logs, "log")}`],
    ["Snapshot", detail.snapshot_time],
  ]);
}

function blindOf(report, host) {
  const titles = new Map(report.blindKinds.map((kind) => [kind.kind, kind.title]));
  return (
    host.blind.length > 0 &&
    section(
      "Blind spots",
      null,
      el(
        "ul",
        null,
        host.blind.map((spot) =>
          el("li", null, el("strong", null, titles.get(spot.kind)), joined(["", spot.source_file, spot.text], ": ")),
        ),
      ),
    )
  );
}

// Facts whose history says something: those that changed, then what the system is.
function tellingFacts(detail) {
  const changed = detail.facts.filter((fact) => new Set(fact.statements.map((one) => one.value)).size > 1);
  const system = detail.facts.filter(
    (fact) =>
      ["os.version", "os.service_pack"].includes(fact.name) ||
      (fact.name.startsWith("component.") && fact.value === "true"),
  );
  return [...new Set([...system, ...changed])].map((fact) => fact.name);
}

function factsOf(detail) {
  if (!detail.facts.length) return null;
  const table = new ListTable({
    caption: "Facts",
    noun: "fact",
    rows: detail.facts,
    columns: [
      { key: "fact", label: "Fact", by: (fact) => fact.name, cell: (fact) => code(fact.name), look: "text" },
      { key: "value", label: "Now", by: (fact) => fact.value, cell: (fact) => fact.value, look: "name" },
      { key: "basis", label: "Basis", by: (fact) => fact.basis, cell: (fact) => fact.basis, look: "short" },
      {
        key: "place",
        label: "From",
        by: (fact) => fact.place,
        cell: (fact) => [
          el("span", { class: "place-of" }, fact.place),
          fact.note && el("div", { class: "quiet" }, fact.note),
          statementsOf(fact, detail),
        ],
        look: "wide",
      },
    ],
    facets: [],
    words: (fact) => joined([fact.name, fact.value, fact.place, fact.note], " "),
  });
  return section("Facts", null, table.node);
}

function statementsOf(fact, detail) {
  const told = fact.statements.length > 1 || fact.statements.some((one) => one.value !== fact.value);
  if (!told) return null;
  const rows = fact.statements.map((one) =>
    el(
      "li",
      null,
      el("strong", null, one.value),
      joined(
        [
          "",
          moment(one.time),
          one.session === null ? "" : `boot session ${sessionName(one.session, detail.sessions)}`,
          one.place || fact.place,
          one.note || fact.note,
        ],
        " · ",
      ),
    ),
  );
  return el(
    "details",
    null,
    el("summary", null, plural(fact.statements.length, "statement")),
    el("ul", { class: "plain" }, rows),
  );
}

function evidenceOf(detail) {
  if (!detail.evidence.length) return null;
  const flaws = (row) =>
    joined(
      [
        row.lost > 0 && `${number(row.lost)} lost`,
        row.dirty && "dirty",
        row.wrapped && "wrapped",
        row.cleared && "cleared",
        row.filtered && "filtered",
        row.holes > 0 && plural(row.holes, "gap"),
        row.clock_steps > 0 && plural(row.clock_steps, "clock step"),
      ].filter(Boolean),
    );
  const rows = detail.evidence.map((row) => [
    [row.source_file, row.sha256 && el("div", { class: "place-of" }, row.sha256)],
    row.format,
    sizeOf(row.size),
    row.records === null ? "" : number(row.records),
    [time(row.first_time), row.first_time && row.last_time && " to ", time(row.last_time)],
    flaws(row),
    joined([row.note, row.time_zone && row.time_zone !== "UTC" && `time zone ${row.time_zone}`].filter(Boolean), "; "),
  ]);
  return section(
    "Evidence",
    null,
    plainTable(
      "Evidence",
      [
        ["File", "name"],
        ["Format", "short"],
        ["Size", "number"],
        ["Records", "number"],
        ["Times", "span"],
        ["State", "name"],
        ["Note", "wide"],
      ],
      rows,
      { class: "rows" },
    ),
  );
}

function sizeOf(bytes) {
  if (bytes < 1024) return `${number(bytes)} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}

function warningsOf(host, detail) {
  if (!detail.warnings.length) return null;
  const columns = [
    ["Where", "wide"],
    ["Kind", "short"],
    ["What", "wide"],
    ["Records lost", "number"],
  ];
  const rows = detail.warnings.map((row) => [
    el("span", { class: "place-of" }, row.place),
    row.kind,
    row.message,
    row.records_lost ? number(row.records_lost) : "",
  ]);
  return section(
    "Warnings",
    null,
    plainTable("Warnings", columns, rows, { class: "rows" }),
    rest(host.warnings - rows.length, "warnings.csv"),
  );
}

function skippedOf(host, detail) {
  if (!detail.skipped.length) return null;
  const columns = [
    ["File", "wide"],
    ["Why", "wide"],
  ];
  const rows = detail.skipped.map((row) => [row.source_file, row.reason]);
  return section(
    "Files not read",
    null,
    plainTable("Files not read", columns, rows, { class: "rows" }),
    rest(host.skipped - rows.length, "report.json"),
  );
}

const rest = (more, file) => more > 0 && el("p", { class: "quiet" }, `and ${number(more)} more: see ${file}`);
