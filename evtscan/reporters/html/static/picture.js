// The history of a host as a picture: a lane of boot sessions with what the logs show in them, below it a lane for each
// fact, and one for the events of a finding. The same stands below as a list, for those who do not see it.

import { day, joined, moment, number, plural, shown, word } from "./text.js";
import { el, fill, plainTable, svg, time } from "./dom.js";
import { Strip, sessionName } from "./strip.js";

const LANE = 26;
const TOP = 26;
const LABEL = 168;
const LABEL_NARROW = 92;
const NARROW = 560;
const LETTER = 6.2;
const FACT_LANES = 10;
const LINES = 400;

const box = (x, y, width, height, look, title) =>
  svg("rect", { x, y, width: Math.max(0, width), height, class: look }, title && svg("title", null, title));

const path = (d, look, title, data) => svg("path", { d, class: look, ...data }, title && svg("title", null, title));

const SIGNS = {
  start: (x, y) => path(`M${x} ${y + 3} l7 5 l-7 5 z`, "start"),
  unclean: (x, y) => path(`M${x} ${y - 1} l7 4 l-7 4 z m0 10 l7 4 l-7 4 z`, "unclean"),
  stop: (x, y, title) => box(x - 1, y, 2, 16, "stop", title),
  gap: (x, y, title) => box(x - 2, y - 3, 4, 22, "gap", title),
  step: (x, y, title, height = 22) =>
    svg("g", { class: "step" }, path(`M${x} ${y - 3} v${height}`), title && svg("title", null, title)),
};

// Verdicts differ in shape: a stroke, a broken stroke, a cross.
function eventSign(x, y, verdict, title) {
  const cross = `M${x - 4} ${y + 4} l8 8 m0 -8 l-8 8`;
  const shapes = { confirmed: `M${x} ${y} v16`, excluded: cross, not_applicable: cross };
  return path(shapes[verdict] || `M${x} ${y} v5 m0 6 v5`, "mark", title, { "data-verdict": verdict });
}

// detail: of the host; facts: names of those to draw; marks: places of events; events: for the list.
export class Picture {
  constructor(detail, facts, marks, events) {
    this.detail = detail;
    this.facts = facts
      .slice(0, FACT_LANES)
      .map((name) => detail.facts.find((fact) => fact.name === name) || { name, value: "unknown", statements: [] });
    this.marks = marks;
    this.events = events;
    this.drawing = el("div", { class: "picture" });
    this.node = el("div", null, this.drawing, this.legend(), this.list());
    new ResizeObserver(() => this.draw()).observe(this.drawing);
  }

  draw() {
    const width = Math.floor(this.drawing.clientWidth);
    if (!width || width === this.width) return;
    this.width = width;
    this.label = width < NARROW ? LABEL_NARROW : LABEL;
    const places = [...this.detail.timeline, ...this.marks, ...this.facts.flatMap((fact) => fact.statements)];
    this.strip = new Strip(this.detail, places, this.label, width);
    if (!this.strip.segments.length) fill(this.drawing, el("p", { class: "quiet" }, "Nothing of this host is dated."));
    else fill(this.drawing, this.lanes(Math.max(width, this.strip.end)));
  }

  lanes(width) {
    const lanes = [
      ["Boot sessions", "lane-name", (y) => this.sessions(y)],
      ...this.facts.map((fact) => [fact.name, "fact-name", (y) => this.fact(fact, y)]),
      ...(this.marks.length ? [["Events", "lane-name", (y) => this.matches(y)]] : []),
    ];
    const height = TOP + lanes.length * LANE;
    return svg(
      "svg",
      { role: "img", "aria-label": this.inWords(), width, height, viewBox: `0 0 ${width} ${height}` },
      this.dates(),
      lanes.map(([name, look, draw], at) => this.lane(name, look, draw, TOP + at * LANE)),
      this.steps(height),
    );
  }

  lane(name, look, draw, y) {
    const most = Math.floor((this.label - 8) / LETTER);
    const text = name.length > most ? `…${name.slice(1 - most)}` : name;
    return svg(
      "g",
      null,
      path(`M0 ${y + LANE} H${this.strip.end}`, "rule"),
      svg("text", { x: 0, y: y + 17, class: look }, text, svg("title", null, name)),
      draw(y + 5),
    );
  }

  // The day on which a session begins, where there is room and it is another day than before.
  dates() {
    let free = this.label;
    let told = "";
    return this.strip.segments.flatMap((segment) => {
      const text = segment.session ? day(segment.session.begins) : segment.label;
      const size = text.length * LETTER + 10;
      if (!text || text === told || segment.x < free || segment.x + size > this.strip.end + 4) return [];
      free = segment.x + size;
      told = text;
      return svg("text", { x: segment.x + 2, y: 15, class: "date" }, text);
    });
  }

  sessions(y) {
    const drawn = this.strip.segments.map(({ session, label, x, width }, at) => {
      if (!session) return box(x + 2, y, width - 4, 16, "outside", label);
      const sign = { "in order": SIGNS.start, unclean: SIGNS.unclean }[session.started];
      return [box(x + 0.5, y, width - 1, 16, at % 2 ? "session odd" : "session", label), sign && sign(x, y)];
    });
    return [drawn, this.happenings(["gap", "stop"]).map(({ row, x, title }) => SIGNS[row.kind](x, y, title))];
  }

  steps(height) {
    return this.happenings(["clock step"]).map(({ x, title }) => SIGNS.step(x, TOP, title, height - TOP));
  }

  happenings(kinds) {
    return this.detail.timeline
      .filter((row) => kinds.includes(row.kind))
      .map((row) => ({
        row,
        x: this.strip.x(row.session, row.sequence),
        title: joined([moment(row.time), row.text], ": "),
      }));
  }

  // A fact holds from where it is stated until it is stated otherwise: strong in the session of the statement, faint
  // behind it, and only outlined before its first statement.
  fact(fact, y) {
    const points = this.points(fact);
    const { begin, end } = this.strip;
    if (!points.length) {
      const text = fact.value === "unknown" ? "not known" : fact.value;
      return [box(begin + 2, y + 1, end - begin - 4, 14, "nothing"), this.value(begin + 6, y, text)];
    }
    const before = `${fact.name} is not stated before`;
    return [
      points[0].from > begin + 4 && box(begin + 2, y + 1, points[0].from - begin - 3, 14, "nothing", before),
      points.map((point, at) => this.stretch(fact, point, points[at + 1], y)),
    ];
  }

  // The statements of a fact from left to right. What only a restart changes holds in the whole session that states it.
  points(fact) {
    const points = fact.statements
      .map((statement) => ({
        statement,
        x: this.strip.x(statement.session, statement.sequence),
        segment: this.strip.segmentOf(statement.session),
      }))
      .sort((one, other) => one.x - other.x);
    points.forEach((point, at) => {
      const isFirst = at === 0 || points[at - 1].segment !== point.segment;
      point.from = fact.across_restart && isFirst ? point.segment.x : point.x;
    });
    return points;
  }

  // From one statement to the next.
  stretch(fact, point, next, y) {
    const { statement, segment, from } = point;
    const end = next ? next.from : this.strip.end - 1;
    if (next && end - from < 0.5) return null;
    const strong = Math.min(end, segment.x + segment.width);
    const where = statement.place || fact.place;
    const title = joined([`${fact.name}: ${statement.value}`, moment(statement.time), where]);
    const text = shown(statement.value);
    const room = Math.floor((end - from - 8) / LETTER);
    const isRoomBefore = !next && text.length * LETTER < from - this.strip.begin - 8;
    return [
      box(from, y + 1, Math.max(1.5, strong - from), 14, "stated", title),
      end > strong && box(strong, y + 1, end - strong, 14, "carried", title),
      path(`M${point.x} ${y - 1} v18`, "point"),
      room >= Math.min(text.length, 3)
        ? this.value(from + 5, y, text.length > room ? `${text.slice(0, room - 1)}…` : text)
        : isRoomBefore && this.value(from - 5, y, text, "value-text end"),
    ];
  }

  value(x, y, text, look = "value-text") {
    return svg("text", { x, y: y + 12, class: look }, text);
  }

  matches(y) {
    return this.marks.map((mark) =>
      eventSign(this.strip.x(mark.session, mark.sequence), y, mark.verdict, word(mark.verdict)),
    );
  }

  // -------------------------------------------------------------------------------------------------- in words

  inWords() {
    const { sessions, timeline } = this.detail;
    const count = (kind) => timeline.filter((row) => row.kind === kind).length;
    const unclean = sessions.filter((session) => session.started === "unclean").length;
    const span = sessions.length
      ? ` from ${day(sessions[0].begins)} to ${day(sessions[sessions.length - 1].ends)}`
      : "";
    const history = (fact) => fact.statements.map((statement) => statement.value).join(", then ") || "not known";
    return joined(
      [
        `Time line: ${plural(sessions.length, "boot session")}${span}`,
        unclean > 0 ? `${plural(unclean, "start")} after a stop without shutdown` : "",
        count("gap") > 1 ? plural(count("gap") - 1, "gap") : "",
        count("clock step") > 0 ? plural(count("clock step"), "step of the clock", "steps of the clock") : "",
        ...this.facts.map((fact) => `${fact.name} ${history(fact)}`),
        this.marks.length ? `${plural(this.marks.length, "place")} with events` : "",
        "the list below says it in full",
      ],
      "; ",
    );
  }

  legend() {
    const has = (kind) => this.detail.timeline.some((row) => row.kind === kind);
    const started = (how) => this.detail.sessions.some((session) => session.started === how);
    const entry = (sign, text) =>
      el("li", null, svg("svg", { width: 18, height: 16, viewBox: "0 0 18 16", "aria-hidden": "true" }, sign), text);
    const swatch = (look, text) => entry(box(1, 1, 16, 14, look), text);
    return el(
      "ul",
      { class: "legend", "aria-label": "What the signs mean" },
      started("in order") && entry(SIGNS.start(5, 0), "start"),
      started("unclean") && entry(SIGNS.unclean(5, 0), "start after a stop without shutdown"),
      has("stop") && entry(SIGNS.stop(9, 0), "shutdown"),
      has("gap") && entry(SIGNS.gap(9, 0), "the log begins, or lacks records"),
      has("clock step") && entry(SIGNS.step(9, 0), "the clock was set"),
      this.facts.length > 0 && [
        swatch("stated", "stated"),
        swatch("carried", "holds on"),
        swatch("nothing", "not stated"),
      ],
      [...new Set(this.marks.map((mark) => mark.verdict))].map((verdict) =>
        entry(eventSign(9, 0, verdict), `event, ${word(verdict)}`),
      ),
    );
  }

  list() {
    const rows = [...this.detail.timeline, ...this.facts.flatMap(factRows), ...this.events.map(eventRow)];
    if (!rows.length) return null;
    const last = (value) => value ?? Infinity;
    const sign = (one, other) => (last(one) < last(other) ? -1 : Number(last(one) > last(other)));
    rows.sort((one, other) => sign(one.session, other.session) || sign(one.sequence, other.sequence));
    const cells = rows
      .slice(0, LINES)
      .map((row) => [
        time(row.time),
        sessionName(row.session, this.detail.sessions),
        row.kind,
        [row.text, row.place && el("span", { class: "place-of" }, ` ${row.place}`)],
      ]);
    return el(
      "details",
      { class: "as-list" },
      el("summary", null, "Time line as a list"),
      plainTable("Time line", [["Time", "time"], ["Boot session"], ["Kind", "short"], ["What", "wide"]], cells),
      rows.length > LINES && el("p", { class: "quiet" }, `and ${number(rows.length - LINES)} more`),
    );
  }
}

// Statements and events as rows of the time line.
const factRows = (fact) =>
  fact.statements.map((statement) => ({
    ...statement,
    kind: "fact",
    text: `${fact.name}: ${statement.value}`,
    place: statement.place || fact.place,
  }));

const eventRow = (event) => ({
  ...event,
  kind: "event",
  time: event.timestamp,
  text: `${event.provider} ${event.event_id}, ${word(event.verdict)}`,
  place: event.source_file,
});
