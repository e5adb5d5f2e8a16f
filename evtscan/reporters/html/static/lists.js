// Lists of everything: remedies, missing facts, findings, hosts, rules, blind spots.

import { LEVELS, VERDICT_SIGNS, capital, joined, number, plural, systemOf, titleOf, word } from "./text.js";
import { badge, button, code, date, el, inRow, level, link, plainTable, properties, section, time } from "./dom.js";
import { NO_VERDICT, countVerdicts, severityOf, worstOf } from "./data.js";
import { ListTable } from "./table.js";
import { copy, ticketOfRemedy } from "./ticket.js";
import { amount, countCell, needName, needSummary, remedySummary } from "./overview.js";

const verdictFacet = (report) => ({
  key: "verdict",
  label: "Verdict",
  of: (finding) => finding.verdict,
  order: report.verdicts,
  buttons: true,
  name: (verdict) => [
    el("span", { "aria-hidden": "true", class: "sign", "data-verdict": verdict }, VERDICT_SIGNS[verdict]),
    word(verdict),
  ],
});

export const findingHref = (finding) => `#/finding/${encodeURIComponent(finding.key)}`;
export const hostHref = (host) => `#/host/${encodeURIComponent(host.key)}`;
export const ruleHref = (rule) => `#/rule/${encodeURIComponent(rule.id)}`;

// Findings as a table, without the columns that would say the same in every row of it.
export function findingsTable(report, findings, without, options) {
  const varies = (value) => new Set(findings.map(value)).size > 1;
  const columns = [
    {
      key: "severity",
      label: "Verdict",
      by: (finding) => finding.severity,
      cell: (finding) => link(findingHref(finding), badge(finding.verdict)),
      look: "short",
    },
    {
      key: "host",
      label: "Host",
      by: (finding) => finding.host.order,
      cell: (finding) => link(hostHref(finding.host), finding.host.name),
      look: "name",
    },
    {
      key: "problem",
      label: "Problem",
      by: (finding) => titleOf(finding.rule),
      cell: (finding) => [
        link(findingHref(finding), titleOf(finding.rule)),
        finding.rule.article && el("span", { class: "quiet" }, ` ${finding.rule.article}`),
      ],
      look: "wide",
    },
    {
      key: "level",
      label: "Level",
      by: (finding) => severityOf(finding.rule.level),
      cell: (finding) => level(finding.rule.level),
      look: "short",
    },
    findings.some((finding) => finding.entity) && {
      key: "entity",
      label: "Concerns",
      by: (finding) => finding.entity,
      cell: (finding) => finding.entity,
      look: "name",
    },
    {
      key: "last",
      label: "Last seen",
      by: (finding) => finding.last_seen,
      cell: (finding) => time(finding.last_seen),
      look: "time",
      down: true,
    },
    {
      key: "count",
      label: "Events",
      by: (finding) => finding.count,
      cell: (finding) => number(finding.count),
      look: "number",
      down: true,
    },
    varies((finding) => finding.activity) && {
      key: "activity",
      label: "Activity",
      by: (finding) => finding.activity,
      cell: (finding) => finding.activity,
      look: "short",
    },
    findings.some((finding) => finding.status !== "new") && {
      key: "status",
      label: "Status",
      by: (finding) => finding.status,
      cell: (finding) => finding.status,
      look: "short",
    },
  ];
  return new ListTable({
    caption: "Findings",
    noun: "finding",
    rows: findings,
    columns: columns.filter((column) => column && !without.includes(column.key)),
    facets: [
      verdictFacet(report),
      { key: "level", label: "Level", of: (finding) => finding.rule.level || "none", order: LEVELS },
      { key: "kind", label: "Kind", of: (finding) => finding.rule.kind || "other" },
      {
        key: "action",
        label: "Calls for action",
        of: (finding) => (finding.action ? "yes" : "no"),
        order: ["yes", "no"],
      },
      { key: "activity", label: "Activity", of: (finding) => finding.activity },
      { key: "basis", label: "Basis", of: (finding) => finding.basis || "none" },
      { key: "status", label: "Status", of: (finding) => finding.status },
    ],
    words: (finding) =>
      joined(
        [
          titleOf(finding.rule),
          finding.rule.article,
          finding.host.name,
          finding.host.computer,
          finding.host.os,
          finding.entity,
          word(finding.verdict),
          finding.key,
        ],
        " ",
      ),
    sort: "severity",
    ...options,
  });
}

export function findingsPage(report, query, remember) {
  const rule = query.has("rule") && report.rules.find((one) => one.id === query.get("rule"));
  const findings = rule ? rule.list : report.findings;
  const table = findingsTable(report, findings, rule ? ["problem", "level"] : [], { query, changed: remember });
  return {
    title: "Findings",
    table,
    node: [
      el("h1", null, "Findings"),
      rule &&
        el(
          "p",
          { class: "lead" },
          "Of the rule ",
          link(ruleHref(rule), titleOf(rule)),
          ". ",
          link("#/findings", "Show those of all rules"),
        ),
      table.node,
    ],
  };
}

export function hostsPage(report, query, remember) {
  const verdictColumns = ["confirmed", "possible", "exposed", "resolved"].filter((verdict) =>
    report.findings.some((finding) => finding.verdict === verdict),
  );
  const counts = new Map(report.hosts.map((host) => [host, new Map(countVerdicts(report, host.list))]));
  const worst = worstOf;
  const rank = (host) => (host.worst ? report.verdicts.indexOf(host.worst) * 10 + severityOf(host.worst_level) : 999);
  const table = new ListTable({
    caption: "Hosts",
    noun: "host",
    rows: report.hosts,
    columns: [
      {
        key: "host",
        label: "Host",
        by: (host) => host.order,
        cell: (host) => [
          link(hostHref(host), host.name),
          host.computer && host.computer !== host.name && el("span", { class: "quiet" }, ` ${host.computer}`),
        ],
        look: "name",
      },
      { key: "system", label: "System", by: (host) => systemOf(host), cell: (host) => systemOf(host), look: "text" },
      {
        key: "worst",
        label: "Worst",
        by: rank,
        cell: (host) =>
          host.worst
            ? [badge(host.worst), " ", level(host.worst_level)]
            : el("span", { class: "quiet" }, NO_VERDICT[worstOf(host)]),
        look: "short",
      },
      ...verdictColumns.map((verdict) => ({
        key: verdict,
        label: capital(word(verdict)),
        by: (host) => counts.get(host).get(verdict) || 0,
        cell: (host) => amount(counts.get(host).get(verdict)),
        look: "number",
        down: true,
      })),
      {
        key: "records",
        label: "Records",
        by: (host) => host.records,
        cell: (host) => number(host.records),
        look: "number",
        down: true,
      },
      {
        key: "last",
        label: "Last event",
        by: (host) => host.last_event,
        cell: (host) => date(host.last_event),
        look: "time",
        down: true,
      },
      {
        key: "blind",
        label: "Blind spots",
        by: (host) => host.blind.length,
        cell: (host) => amount(host.blind.length),
        look: "number",
        down: true,
      },
      {
        key: "warnings",
        label: "Warnings",
        by: (host) => host.warnings,
        cell: (host) => amount(host.warnings),
        look: "number",
        down: true,
      },
    ],
    facets: [
      {
        key: "worst",
        label: "Worst finding",
        of: worst,
        order: [...report.verdicts, ...Object.keys(NO_VERDICT)],
        buttons: true,
        name: (verdict) =>
          NO_VERDICT[verdict]
            ? NO_VERDICT[verdict]
            : [
                el("span", { "aria-hidden": "true", class: "sign", "data-verdict": verdict }, VERDICT_SIGNS[verdict]),
                word(verdict),
              ],
      },
      { key: "system", label: "System", of: (host) => host.os || "unknown" },
      { key: "role", label: "Role", of: (host) => host.role || "unknown" },
      { key: "sight", label: "Blind spots", of: (host) => (host.blind.length ? "some" : "none") },
    ],
    words: (host) => joined([host.name, host.computer, systemOf(host), host.role], " "),
    query,
    changed: remember,
    sort: "worst",
  });
  return { title: "Hosts", table, node: [el("h1", null, "Hosts"), table.node] };
}

export function rulesPage(report, query, remember) {
  const severe = (rule) => Math.min(...rule.list.map((finding) => finding.severity));
  const found = report.rules
    .filter((rule) => rule.list.length)
    .map((rule) => [severe(rule), rule])
    .sort(([one], [other]) => one - other)
    .map(([, rule]) => rule);
  const verdicts = report.verdicts.filter((verdict) => report.findings.some((finding) => finding.verdict === verdict));
  const counts = new Map(found.map((rule) => [rule, new Map(countVerdicts(report, rule.list))]));
  const hosts = new Map(found.map((rule) => [rule, new Set(rule.list.map((finding) => finding.host)).size]));
  const table = new ListTable({
    caption: "Rules with findings",
    noun: "rule",
    rows: found,
    columns: [
      { key: "rule", label: "Rule", by: titleOf, cell: (rule) => link(ruleHref(rule), titleOf(rule)), look: "wide" },
      { key: "article", label: "Article", by: (rule) => rule.article, cell: (rule) => rule.article, look: "short" },
      {
        key: "level",
        label: "Level",
        by: (rule) => severityOf(rule.level),
        cell: (rule) => level(rule.level),
        look: "short",
      },
      { key: "kind", label: "Kind", by: (rule) => rule.kind, cell: (rule) => rule.kind, look: "short" },
      {
        key: "hosts",
        label: "Hosts",
        by: (rule) => hosts.get(rule),
        cell: (rule) => number(hosts.get(rule)),
        look: "number",
        down: true,
      },
      ...verdicts.map((verdict) => ({
        key: verdict,
        label: capital(word(verdict)),
        by: (rule) => counts.get(rule).get(verdict) || 0,
        cell: (rule) =>
          countCell(counts.get(rule).get(verdict), `#/findings?${new URLSearchParams({ rule: rule.id, verdict })}`),
        look: "number",
        down: true,
      })),
    ],
    facets: [
      { key: "level", label: "Level", of: (rule) => rule.level || "none", order: LEVELS },
      { key: "kind", label: "Kind", of: (rule) => rule.kind || "other" },
    ],
    words: (rule) => joined([titleOf(rule), rule.article, rule.level, rule.kind, rule.id], " "),
    query,
    changed: remember,
  });
  const refused = report.refused.map((rule) => [joined([rule.file, rule.line, rule.key], ":"), rule.message]);
  return {
    title: "Rules",
    table,
    node: [
      el("h1", null, "Rules"),
      el(
        "p",
        { class: "lead" },
        `${plural(report.rules.length, "rule")} took part, ${number(found.length)} found something.`,
      ),
      table.node,
      refused.length > 0 &&
        section(
          `Rules that did not load`,
          null,
          el("p", null, "They took no part in the run."),
          plainTable("Rules that did not load", [["Where"], ["Why"]], refused, { class: "rows" }),
        ),
    ],
  };
}

export function blindPage(report, query, remember) {
  const kinds = new Map(report.blindKinds.map((kind) => [kind.kind, kind]));
  const order = [...kinds.keys()];
  const table = new ListTable({
    caption: "Blind spots",
    noun: "blind spot",
    rows: report.blindSpots,
    columns: [
      {
        key: "kind",
        label: "What",
        by: (spot) => order.indexOf(spot.kind),
        cell: (spot) => kinds.get(spot.kind).title,
        look: "short",
      },
      {
        key: "host",
        label: "Host",
        by: (spot) => spot.host.order,
        cell: (spot) => link(hostHref(spot.host), spot.host.name),
        look: "name",
      },
      { key: "file", label: "File", by: (spot) => spot.source_file, cell: (spot) => spot.source_file },
      { key: "text", label: "Details", cell: (spot) => spot.text, look: "wide" },
    ],
    facets: [
      {
        key: "kind",
        label: "What",
        of: (spot) => kinds.get(spot.kind).title,
        order: report.blindKinds.map((kind) => kind.title),
        buttons: true,
      },
    ],
    words: (spot) => joined([spot.host.name, spot.source_file, spot.text, kinds.get(spot.kind).title], " "),
    query,
    changed: remember,
    sort: "kind",
  });
  return {
    title: "Blind spots",
    table,
    node: [
      el("h1", null, "Blind spots"),
      el(
        "p",
        { class: "lead" },
        "Where little or nothing could be seen: what was not found there may be there all the same.",
      ),
      table.node,
      whatFollows(report),
    ],
  };
}

function whatFollows(report) {
  const there = new Set(report.blindSpots.map((spot) => spot.kind));
  const kinds = report.blindKinds.filter((kind) => there.has(kind.kind));
  return kinds.length > 0 && section("What follows", null, properties(kinds.map((kind) => [kind.title, kind.text])));
}

export function remediesPage(report) {
  return {
    title: "Do first",
    node: [
      el("h1", null, "Do first"),
      el(
        "p",
        { class: "lead" },
        "Active problems first, then by level and certainty, then by the number of hosts.",
      ),
      report.remedies.length
        ? el(
            "ol",
            { class: "ranked roomy" },
            report.remedies.map((remedy) => el("li", null, remedySummary(report, remedy))),
          )
        : el("p", { class: "quiet" }, "Nothing that was found calls for a remedy."),
    ],
  };
}

export function needsPage(report) {
  return {
    title: "Collect next",
    node: [
      el("h1", null, "Collect next"),
      el(
        "p",
        { class: "lead" },
        "What is missing, by the number of findings that it would help to decide. ",
        code("evtscan collect --for modern --missing report.json"),
        " prints a script that collects it on Windows Vista and later; use ",
        code("2000"),
        " or ",
        code("nt4"),
        " for older hosts.",
      ),
      report.needs.length
        ? el(
            "ol",
            { class: "ranked roomy" },
            report.needs.map((need) => el("li", null, needSummary(need))),
          )
        : el("p", { class: "quiet" }, "No finding waits for a fact that is missing."),
    ],
  };
}

export function remedyPage(report, remedy, query, remember) {
  const table = findingsTable(report, remedy.list, ["problem", "level"], { query, changed: remember });
  return {
    title: titleOf(remedy.rule),
    table,
    node: [
      trail(link("#/first", "Do first")),
      el("h1", null, titleOf(remedy.rule)),
      inRow(
        "p",
        el("strong", null, plural(remedy.hosts, "host")),
        level(remedy.rule.level),
        countVerdicts(report, remedy.list).map(([verdict, count]) => badge(verdict, count)),
        link(ruleHref(remedy.rule), remedy.rule.article || "the rule"),
      ),
      el(
        "div",
        { class: "actions" },
        button("Copy as ticket", () => copy(ticketOfRemedy(report, remedy)), { class: "primary" }),
      ),
      remedy.factors.length > 0 &&
        section(
          "What the hosts have in common",
          null,
          remedy.factors.map((factor) => el("p", null, capital(factor))),
        ),
      section(
        "What to do",
        null,
        el(
          "ol",
          { class: "steps" },
          remedy.steps.map((step) => el("li", null, step)),
        ),
      ),
      section("Where", null, table.node),
    ],
  };
}

export function needPage(report, need, query, remember) {
  const table = findingsTable(report, need.list, [], { query, changed: remember });
  return {
    title: needName(need),
    table,
    node: [
      trail(link("#/collect", "Collect next")),
      el("h1", null, needName(need)),
      inRow(
        "p",
        need.fact && code(need.fact),
        `would help to decide ${plural(need.list.length, "finding")} on ${plural(need.hosts, "host")}`,
      ),
      need.fact &&
        need.ways.length > 0 &&
        section(
          "How to get it",
          null,
          el(
            "ul",
            null,
            need.ways.map((way) => el("li", null, capital(way))),
          ),
        ),
      section("Findings that wait for it", null, table.node),
    ],
  };
}

export const trail = (...steps) =>
  el(
    "nav",
    { class: "trail", "aria-label": "Where this page belongs" },
    steps.map((step, at) => [at > 0 && el("span", { "aria-hidden": "true" }, " › "), step]),
  );
