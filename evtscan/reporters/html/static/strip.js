// What stands from left to right in the picture of a host: its boot sessions in the order of their records, whatever
// the clock said, and a place on its own for what belongs to none of them.

import { joined, moment, number, plural } from "./text.js";

const OUTSIDE = 54;
const LEAST = 5;

// detail: of the host; places: all that will be drawn, each with its session and its sequence.
export class Strip {
  constructor(detail, places, begin, end) {
    this.begin = begin;
    this.segments = segmentsOf(detail.sessions, new Set(places.map((place) => place.session)));
    this.bySession = new Map(this.segments.map((segment) => [segment.key, segment]));
    this.oldest = detail.sessions.length ? detail.sessions[0].session : 0;
    this.lay(end - begin);
  }

  // Shares of the width by the square root of the records, so that a short session can still be seen.
  lay(width) {
    const weight = ({ session }) => (session ? Math.sqrt(session.last - session.first + 1) : 0);
    const outside = this.segments.filter((segment) => !segment.session).length * OUTSIDE;
    const total = this.segments.reduce((sum, segment) => sum + weight(segment), 0);
    let x = this.begin;
    for (const segment of this.segments) {
      const share = ((width - outside) * weight(segment)) / total;
      Object.assign(segment, { x, width: segment.session ? Math.max(LEAST, share) : OUTSIDE });
      x += segment.width;
    }
    this.end = x;
  }

  segmentOf(session) {
    const known = this.bySession.get(session);
    if (known) return known;
    if (session === null) return this.bySession.get("unknown");
    if (session < 0) return this.bySession.get("before");
    return this.bySession.get(session < this.oldest ? "earlier" : "after");
  }

  // Where a record stands; without a sequence, behind the last one of its session.
  x(session, sequence) {
    const segment = this.segmentOf(session);
    if (!segment.session) return segment.x + segment.width / 2;
    const { first, last } = segment.session;
    const share = sequence === null ? 1 : (sequence - first) / (last - first + 1);
    return segment.x + segment.width * Math.min(1, Math.max(0, share));
  }
}

// Segments as {key, session, label}: key is the number of a session, or says what is outside of all that are listed.
function segmentsOf(sessions, used) {
  const numbers = [...used].filter((session) => session !== null);
  const oldest = sessions.length ? sessions[0].session : 0;
  const newest = sessions.length ? sessions[sessions.length - 1].session : -1;
  const outside = (key, label, isUsed) => (isUsed ? [{ key, label }] : []);
  return [
    ...outside(
      "before",
      "before the log",
      numbers.some((session) => session < 0),
    ),
    ...outside("earlier", "earlier", oldest > 0),
    ...sessions.map((session) => ({ key: session.session, session, label: sessionInWords(session) })),
    ...outside(
      "after",
      sessions.length ? "after the log" : "no boot session",
      numbers.some((session) => session > newest),
    ),
    ...outside("unknown", "time unknown", used.has(null)),
  ];
}

export function sessionName(session, sessions) {
  if (session === null) return "";
  if (session < 0) return "before the log";
  return sessions.length && session > sessions[sessions.length - 1].session ? "after the log" : number(session + 1);
}

function sessionInWords(session) {
  const how = { "in order": "its start is in the log", unclean: "started after a stop without shutdown" };
  return joined([
    `Boot session ${session.session + 1}`,
    plural(session.last - session.first + 1, "record"),
    joined([moment(session.begins), moment(session.ends)], " to "),
    how[session.started] || "its start is not in the log",
  ]);
}
