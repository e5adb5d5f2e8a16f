// The first page: what to do, what to collect, what was found by rule, and what nobody could see.

import { EVENT_LEVELS, VERDICT_WORDS, capital, day, joined, number, plural, shown, titleOf, word } from "./text.js";
import { badge, code, date, el, inRow, level, link, plainTable, properties, section } from "./dom.js";
import { NO_VERDICT, countVerdicts, worstOf } from "./data.js";
import { hostHref } from "./lists.js";

const FIRST_SHOWN = 6;
const RULES_SHOWN = 12;
const HOSTS_NAMED = 5;

export function overviewPage(report) {
  const hosts = report.hosts;
  const acting = new Set(report.findings.filter((finding) => finding.action).map((finding) => finding.host)).size;
  const blind = hosts.filter((host) => host.blind.length).length;
  return {
    title: "Overview",
    node: [
      el(
        "h1",
        null,
        hosts.length === 1
          ? `What was found on ${shown(hosts[0].name)}`
          : `What was found on ${plural(hosts.length, "host")}`,
      ),
      (report.title || report.date) && el("p", { class: "made" }, joined([report.title, report.date].filter(Boolean), " · ")),
      el("p", { class: "lead" }, spanOf(report)),
      el(
        "ul",
        { class: "tiles" },
        tile(
          acting,
          hosts.length === 1 ? "host calls for action" : `of ${plural(hosts.length, "host")} call for action`,
          "#/findings?action=yes",
        ),
        ...["confirmed", "possible", "exposed"].map((verdict) =>
          tile(
            report.findings.filter((finding) => finding.verdict === verdict).length,
            `${word(verdict)} findings`,
            `#/findings?verdict=${verdict}`,
            verdict,
          ),
        ),
        tile(blind, "hosts with blind spots", "#/blind"),
      ),
      hosts.length > 1 && shares(report),
      el("div", { class: "columns" }, doFirst(report), collectNext(report)),
      byRule(report),
      checked(report),
      unexplained(report),
      blindSummary(report),
      verdictsExplained(report),
    ],
  };
}

// What the verdicts mean that occur here: a hint below the pointer is of no use to fingers, keys and paper.
function verdictsExplained(report) {
  const there = report.verdicts.filter((verdict) => report.findings.some((finding) => finding.verdict === verdict));
  return (
    there.length > 0 &&
    section("What the verdicts say", null, properties(there.map((verdict) => [word(verdict), VERDICT_WORDS[verdict]])))
  );
}

function spanOf(report) {
  const times = (name) =>
    report.hosts
      .map((host) => host[name])
      .filter(Boolean)
      .sort();
  const records = report.hosts.reduce((sum, host) => sum + host.records, 0);
  const logs = report.hosts.reduce((sum, host) => sum + host.logs, 0);
  const from = day(times("first_event")[0]);
  const to = day(times("last_event").pop());
  const quiet = report.findings.filter((finding) => finding.rule.quiet).length;
  return joined(
    [
      `${plural(records, "record")} in ${plural(logs, "log")}${from ? `, ${from} to ${to}` : ""}`,
      `${plural(report.rules.length, "rule")}`,
      `${plural(report.findings.length, "finding")}${quiet ? `, ${number(quiet)} of them only worth knowing` : ""}`,
    ],
    " · ",
  );
}

const tile = (count, label, href, verdict) =>
  el("li", { "data-verdict": verdict }, el("a", { href }, el("strong", null, number(count)), el("span", null, label)));

// What was looked for and not found, and which hosts allow no statement.
function checked(report) {
  const withFindings = report.rules.filter((rule) => rule.list.length).length;
  const open = report.hosts.filter((host) => !host.judged);
  const clean = report.hosts.filter((host) => host.judged && !host.worst).length;
  return section(
    "What was checked",
    null,
    el(
      "ul",
      { class: "checked" },
      el(
        "li",
        null,
        `${plural(report.rules.length, "rule")} took part, ${number(withFindings)} found something, `,
        `${number(report.rules.length - withFindings)} found nothing.`,
      ),
      el("li", null, `${plural(clean, "host")} with a System log and without a problem.`),
      open.length > 0 &&
        el(
          "li",
          null,
          `${plural(open.length, "host")} could not be judged (no System log was read): `,
          open.slice(0, HOSTS_NAMED * 2).map((host, at) => [at > 0 && ", ", link(hostHref(host), host.name)]),
          open.length > HOSTS_NAMED * 2 && ` and ${number(open.length - HOSTS_NAMED * 2)} more`,
          ".",
        ),
      report.explained && el("li", null, `${report.explained}.`),
    ),
  );
}

// Errors and warnings that no rule matched: what deserves a look first.
function unexplained(report) {
  if (!report.unexplained.length) return null;
  const rows = report.unexplained.map((row) => [
    EVENT_LEVELS[row.level] || "",
    [row.provider, " ", el("strong", null, row.event_id)],
    number(row.hosts),
    number(row.count),
    date(row.last_seen),
    row.example,
  ]);
  return section(
    "Not explained by any rule",
    null,
    plainTable(
      "Errors and warnings that no rule explains",
      [
        ["Level", "short"],
        ["Event", "text"],
        ["Hosts", "number"],
        ["Events", "number"],
        ["Last", "time"],
        ["Example", "data"],
      ],
      rows,
      { class: "rows" },
    ),
    el("p", { class: "quiet" }, "unexplained.csv has all of them."),
  );
}

// Hosts by their worst verdict, as shares of one bar, each with its word and its number.
function shares(report) {
  const counts = new Map();
  for (const host of report.hosts) counts.set(worstOf(host), (counts.get(worstOf(host)) || 0) + 1);
  const groups = [...report.verdicts, ...Object.keys(NO_VERDICT)]
    .filter((verdict) => counts.has(verdict))
    .map((verdict) => [verdict, counts.get(verdict)]);
  return section(
    "Hosts by their worst finding",
    null,
    el(
      "div",
      { class: "bar", "aria-hidden": "true" },
      groups.map(([verdict, count]) =>
        el("span", { "data-verdict": verdict, style: { "flex-grow": String(count) } }),
      ),
    ),
    el(
      "ul",
      { class: "inline" },
      groups.map(([verdict, count]) =>
        el(
          "li",
          null,
          el(
            "a",
            { href: `#/hosts?worst=${verdict}` },
            NO_VERDICT[verdict]
              ? el("span", { class: "badge", "data-verdict": verdict }, `${number(count)} ${NO_VERDICT[verdict]}`)
              : badge(verdict, count),
          ),
        ),
      ),
    ),
  );
}

function doFirst(report) {
  const first = report.remedies.slice(0, FIRST_SHOWN);
  return section(
    "Do first",
    { class: "card" },
    first.length
      ? el(
          "ol",
          { class: "ranked" },
          first.map((remedy) => el("li", null, remedySummary(report, remedy))),
        )
      : el("p", { class: "quiet" }, "Nothing that was found calls for a remedy."),
    report.remedies.length > first.length &&
      el("p", null, link("#/first", `All ${number(report.remedies.length)} remedies`)),
  );
}

export function remedySummary(report, remedy) {
  return [
    el("a", { href: `#/first/${remedy.index + 1}`, class: "title" }, titleOf(remedy.rule)),
    inRow(
      "div",
      el("strong", null, plural(remedy.hosts, "host")),
      level(remedy.rule.level),
      countVerdicts(report, remedy.list).map(([verdict, count]) => badge(verdict, count)),
      remedy.rule.article,
    ),
    el(
      "p",
      { class: "hosts" },
      hostsOf(remedy.list),
      lastSeen(remedy.list) && el("span", { class: "quiet" }, " last seen ", date(lastSeen(remedy.list))),
    ),
    remedy.factors.map((factor) => el("p", { class: "quiet" }, capital(factor))),
    el(
      "p",
      null,
      remedy.steps[0],
      remedy.steps.length > 1 && el("span", { class: "quiet" }, ` and ${plural(remedy.steps.length - 1, "more step")}`),
    ),
  ];
}

// The first hosts of some findings by name, and how many more there are.
function hostsOf(findings) {
  const hosts = [...new Set(findings.map((finding) => finding.host))];
  const more = hosts.length - HOSTS_NAMED;
  return [
    hosts.slice(0, HOSTS_NAMED).map((host, at) => [at > 0 && ", ", link(hostHref(host), host.name)]),
    more > 0 && ` and ${number(more)} more`,
  ];
}

const lastSeen = (findings) =>
  findings
    .map((finding) => finding.last_seen)
    .filter((text) => /Z$/.test(text))
    .sort()
    .pop() || "";

function collectNext(report) {
  const first = report.needs.slice(0, FIRST_SHOWN);
  return section(
    "Collect next",
    { class: "card" },
    first.length
      ? el(
          "ol",
          { class: "ranked" },
          first.map((need) => el("li", null, needSummary(need))),
        )
      : el("p", { class: "quiet" }, "No finding waits for a fact that is missing."),
    report.needs.length > first.length &&
      el("p", null, link("#/collect", `All ${number(report.needs.length)} missing facts`)),
  );
}

export const needName = (need) => (need.fact ? capital(need.noun) : capital(need.ways[0] || "something else"));

export function needSummary(need) {
  return [
    el("a", { href: `#/collect/${need.index + 1}`, class: "title" }, needName(need)),
    inRow(
      "div",
      el("strong", null, `would help to decide ${plural(need.list.length, "finding")}`),
      `on ${plural(need.hosts, "host")}`,
      need.alone > 0 && need.alone < need.list.length && `${number(need.alone)} of them alone`,
      need.fact && code(need.fact),
    ),
    need.fact &&
      need.ways.length > 0 &&
      el(
        "p",
        null,
        capital(need.ways[0]),
        need.ways.length > 1 && el("span", { class: "quiet" }, ` or ${plural(need.ways.length - 1, "other way")}`),
      ),
  ];
}

function byRule(report) {
  const rules = report.rules
    .filter((rule) => rule.list.length)
    .sort(
      (one, other) =>
        Math.min(...one.list.map((finding) => finding.severity)) -
        Math.min(...other.list.map((finding) => finding.severity)),
    );
  const verdicts = report.verdicts.filter((verdict) =>
    rules.some((rule) => rule.list.some((finding) => finding.verdict === verdict)),
  );
  const rows = rules.slice(0, RULES_SHOWN).map((rule) => {
    const counts = new Map(countVerdicts(report, rule.list));
    return [
      [
        link(`#/rule/${encodeURIComponent(rule.id)}`, titleOf(rule)),
        rule.article && el("span", { class: "quiet" }, ` ${rule.article}`),
      ],
      level(rule.level),
      ...verdicts.map((verdict) =>
        countCell(counts.get(verdict), `#/findings?${new URLSearchParams({ rule: rule.id, verdict })}`),
      ),
    ];
  });
  return section(
    "Verdicts by rule",
    null,
    rows.length
      ? plainTable(
          "Verdicts by rule",
          [["Rule", "wide"], ["Level", "short"], ...verdicts.map((verdict) => [word(verdict), "number"])],
          rows,
          { class: "rows" },
        )
      : el("p", { class: "quiet" }, "No rule found anything."),
    rules.length > rows.length && el("p", null, link("#/rules", `All ${number(rules.length)} rules with findings`)),
  );
}

// A number; none is a dot, so that the eye finds the others.
export const amount = (count) =>
  count
    ? number(count)
    : [el("span", { class: "nil", "aria-hidden": "true" }, "·"), el("span", { class: "unseen" }, "0")];

export const countCell = (count, href) => (count ? link(href, number(count)) : amount(0));

function blindSummary(report) {
  const rows = report.blindKinds
    .map((kind) => [kind, report.blindSpots.filter((spot) => spot.kind === kind.kind)])
    .filter(([, spots]) => spots.length)
    .map(([kind, spots]) => [
      link(`#/blind?${new URLSearchParams({ kind: kind.title })}`, kind.title),
      number(new Set(spots.map((spot) => spot.host)).size),
      kind.text,
    ]);
  return section(
    "Blind spots",
    null,
    rows.length
      ? plainTable(
          "Blind spots",
          [
            ["What", "name"],
            ["Hosts", "number"],
            ["What follows", "wide"],
          ],
          rows,
          { class: "rows" },
        )
      : el("p", { class: "quiet" }, "Every host has logs that are whole and long enough."),
  );
}
