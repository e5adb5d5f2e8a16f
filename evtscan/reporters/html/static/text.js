// Values → text for people. Everything that comes out of evidence passes through `shown` on its way to the page.

// Line breaks, controls, characters that reorder what stands around them or that nobody sees, and halves of characters.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

// One line of text in which a person sees what a machine would act on.
export function shown(value) {
  const text = String(value ?? "")
    .replace(/[^\S\ufeff]+/g, " ")
    .replace(/^ | $/g, "");
  return text.replace(UNSAFE, (sign) => {
    const code = sign.codePointAt(0).toString(16);
    if (code.length > 4) return "\\U" + code.padStart(8, "0");
    return code.length < 3 ? "\\x" + code.padStart(2, "0") : "\\u" + code.padStart(4, "0");
  });
}

export const number = (value) => Number(value).toLocaleString("en");

// plural(1, "host") is "1 host", plural(3, "boot session") "3 boot sessions", plural(2, "entry", "entries") "2 entries".
export const plural = (count, noun, many = `${noun}s`) => `${number(count)} ${count === 1 ? noun : many}`;

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const joined = (items, mark = ", ") => items.filter((item) => item !== "" && item != null).join(mark);

// "1998-03-14T09:26:53.1234567Z" as "1998-03-14 09:26:53"; what has no Z is local time of an unknown zone, and says so.
export function moment(text) {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z?)$/.exec(text || "");
  if (!parts) return text || "";
  return `${parts[1]} ${parts[2]}${parts[3] ? "" : " local"}`;
}

export const day = (text) => (/^\d{4}-\d\d-\d\d/.exec(text || "") || [""])[0];

export const VERDICT_WORDS = {
  confirmed: "the symptom was logged while every condition is known to have held",
  possible: "the symptom was logged, and at least one condition is not known",
  exposed: "not logged yet, but every condition holds now",
  resolved: "logged while the conditions held, which they no longer do",
  excluded: "logged, but this article does not explain it",
  detected: "the rule's events were logged",
  not_applicable: "the rule is not about such a host",
  clear: "not seen in the span that the logs cover",
  not_assessed: "no log would show it",
};

export const VERDICT_SIGNS = {
  confirmed: "●",
  possible: "◐",
  exposed: "◇",
  resolved: "✓",
  excluded: "–",
  detected: "◆",
  not_applicable: "–",
  clear: "✓",
  not_assessed: "?",
};

export const TRUTH_SIGNS = { true: "✓", false: "✗", unknown: "?" };

export const LEVELS = ["critical", "high", "medium", "low", "informational"];

export const EVENT_LEVELS = { 0: "audit", 1: "critical", 2: "error", 3: "warning", 4: "information", 5: "verbose" };

export const word = (verdict) => verdict.replace("_", " ");

// "1 or more" as it is, "2" as "Service Pack 2".
export function systemOf(host) {
  if (!host.os) return "system unknown";
  if (!host.service_pack) return host.os;
  if (host.service_pack === "0") return `${host.os}, no service pack`;
  return /^\d/.test(host.service_pack)
    ? `${host.os}, Service Pack ${host.service_pack}`
    : `${host.os}, pack ${host.service_pack}`;
}

export const titleOf = (rule) => rule.title || rule.id;
