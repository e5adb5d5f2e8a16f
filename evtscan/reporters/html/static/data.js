// What the page carries → objects. The index is read at once, the details of hosts a part at a time.

import { LEVELS } from "./text.js";

const PARTS_KEPT = 8;

async function unpacked(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

export class Report {
  static async open() {
    return new Report(await unpacked("index"));
  }

  constructor(index) {
    this.shapes = index.shapes;
    this.version = index.evtscan;
    this.title = index.title;
    this.date = index.date;
    this.explained = index.explained;
    this.hostsInPart = index.hostsInPart;
    this.verdicts = index.verdicts;
    this.parts = new Map();
    this.rules = this.objects("rule", index.rules);
    this.refused = this.objects("refused", index.refused);
    this.hosts = this.objects("host", index.hosts);
    this.findings = this.objects("finding", index.findings);
    this.remedies = this.objects("remedy", index.remedies);
    this.needs = this.objects("need", index.needs);
    this.blindKinds = this.objects("blindKind", index.blindKinds);
    this.blindSpots = this.objects("blindSpot", index.blindSpots);
    this.unexplained = this.objects("unexplained", index.unexplained);
    this.join();
  }

  // Rows as objects with the members that their shape names.
  objects(shape, rows) {
    const names = this.shapes[shape];
    return rows.map((row) => {
      const made = {};
      for (let at = 0; at < names.length; at++) made[names[at]] = row[at];
      return made;
    });
  }

  // Findings stand in the order of their hosts; each gets its host, its rule, and its place among all by severity.
  join() {
    let next = 0;
    this.hosts.forEach((host, at) => {
      host.index = at;
      host.blind = [];
      host.first = next;
      host.list = this.findings.slice(next, next + host.findings);
      next += host.findings;
      for (const finding of host.list) finding.host = host;
    });
    for (const rule of this.rules) rule.list = [];
    for (const finding of this.findings) {
      finding.rule = this.rules[finding.rule];
      finding.rank = finding.verdict;
      finding.verdict = this.verdicts[finding.verdict];
      finding.rule.list.push(finding);
    }
    for (const rule of this.rules) rule.text = rule.text && this.objects("ruleText", [rule.text])[0];
    for (const spot of this.blindSpots) {
      spot.host = this.hosts[spot.host];
      spot.host.blind.push(spot);
    }
    const collate = new Intl.Collator("en", { numeric: true }).compare;
    const byName = [...this.hosts].sort((one, other) => collate(one.name, other.name));
    byName.forEach((host, at) => (host.order = at));
    const bySeverity = [...this.findings].sort(
      (one, other) =>
        one.rule.quiet - other.rule.quiet ||
        other.action - one.action ||
        (one.action ? isQuiet(one) - isQuiet(other) || urgency(other) - urgency(one) : one.rank - other.rank) ||
        one.rank - other.rank ||
        severityOf(one.rule.level) - severityOf(other.rule.level) ||
        one.host.order - other.host.order,
    );
    bySeverity.forEach((finding, at) => (finding.severity = at));
    for (const [number, list] of [this.remedies, this.needs].entries()) {
      list.forEach((item, at) => {
        item.index = at;
        item.list = item.findings.map((finding) => this.findings[finding]);
        item.hosts = new Set(item.list.map((finding) => finding.host)).size;
        if (number === 0) item.rule = this.rules[item.rule];
      });
    }
  }

  // Facts, evidence, time line and findings in full of one host.
  async details(host) {
    const number = Math.floor(host.index / this.hostsInPart);
    if (!this.parts.has(number)) {
      if (this.parts.size === PARTS_KEPT) this.parts.delete(this.parts.keys().next().value);
      this.parts.set(number, unpacked(`part-${number}`));
    }
    const part = await this.parts.get(number);
    const [detail] = this.objects("hostDetail", [part.hosts[host.index % this.hostsInPart]]);
    detail.facts = this.objects(
      "fact",
      detail.facts.map((fact) => part.facts[fact]),
    );
    for (const fact of detail.facts) fact.statements = this.objects("statement", fact.statements);
    for (const name of ["evidence", "skipped"]) detail[name] = this.objects(name, detail[name]);
    detail.warnings = this.objects("warning", detail.warnings);
    detail.sessions = this.objects("session", detail.sessions);
    detail.timeline = this.objects("timeline", detail.timeline);
    detail.findings = this.objects("findingDetail", detail.findings);
    for (const finding of detail.findings) {
      finding.explanation = this.objects("condition", finding.explanation);
      finding.events = this.objects("event", finding.events);
      finding.marks = this.objects("mark", finding.marks);
      finding.surroundings = finding.surroundings.map(([source, rows]) => ({
        source,
        rows: this.objects("nearby", rows),
      }));
    }
    return detail;
  }
}

const isQuiet = (finding) => (finding.activity === "quiet" ? 1 : 0);

// The urgency of a finding: a level weighs more than a verdict, so that possible-high precedes confirmed-medium.
const urgency = (finding) =>
  -2 * severityOf(finding.rule.level) + (finding.verdict === "confirmed" ? 1 : finding.verdict === "exposed" ? -1 : 0);

// What is said of a host without a verdict.
export const NO_VERDICT = { none: "no problem found", unjudged: "could not be judged" };

export const worstOf = (host) => host.worst || (host.judged ? "none" : "unjudged");

// 0 is the gravest; what has no level comes last.
export function severityOf(levelName) {
  const at = LEVELS.indexOf(levelName);
  return at < 0 ? LEVELS.length : at;
}

// How often each verdict occurs, in order of severity.
export function countVerdicts(report, findings) {
  const counts = new Map();
  for (const finding of findings) counts.set(finding.verdict, (counts.get(finding.verdict) || 0) + 1);
  return report.verdicts.filter((verdict) => counts.has(verdict)).map((verdict) => [verdict, counts.get(verdict)]);
}
