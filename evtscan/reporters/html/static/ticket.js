// A finding, or a remedy for many hosts, as Markdown that goes into a ticket.

import { joined, number, plural, shown, systemOf, titleOf, word } from "./text.js";
import { button, el, say } from "./dom.js";
import { countVerdicts } from "./data.js";

const HOSTS_IN_TICKET = 200;

// Text of others that stays text: Markdown would make links, images, headings and emphasis out of it.
const plain = (text) => shown(text).replace(/[\\`*[\]<>#|~]|(?<!\w)_|_(?!\w)|^[-+]/g, "\\$&");

// Between backquotes nothing is special but backquotes.
function quoted(text) {
  const inner = shown(text);
  const longest = Math.max(0, ...(inner.match(/`+/g) || []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const gap = /^`|`$/.test(inner) ? " " : "";
  return `${fence}${gap}${inner}${gap}${fence}`;
}

export function ticketOfFinding(report, finding, detail, isDone) {
  const { rule, host } = finding;
  const lines = [
    `## ${plain(titleOf(rule))} on ${plain(host.name)}${rule.article ? ` (${plain(rule.article)})` : ""}`,
    "",
  ];
  const item = (name, text) => text && lines.push(`- **${name}:** ${text}`);
  item("Verdict", joined([word(finding.verdict), rule.level, rule.kind].map(plain)));
  item(
    "Host",
    plain(joined([host.name, host.computer !== host.name && host.computer, systemOf(host)].filter(Boolean))),
  );
  item("Concerns", finding.entity && quoted(finding.entity));
  item(
    "Logged",
    finding.count &&
      plain(
        `${plural(finding.count, "time")}, ${joined([...new Set([finding.first_seen, finding.last_seen])], " to ")}`,
      ),
  );
  item("Event", detail.event_ids.length && plain(`${joined(detail.providers, "/")} ${joined(detail.event_ids, "/")}`));
  item("Evidence", detail.source_files.map(quoted).join(", "));
  item("Basis", plain(finding.basis));
  lines.push("", plain(detail.reason));
  const { text } = rule;
  if (text && text.cause) lines.push("", "### Cause", "", plain(text.cause));
  if (detail.changes.length) {
    lines.push("", "### What changed before", "");
    for (const change of detail.changes) lines.push(`- ${plain(change)}`);
  }
  if (detail.explanation.length) {
    lines.push("", "### Why", "");
    for (const node of detail.explanation) {
      const says = node.says ? `: ${plain(node.says)}` : "";
      const basis = node.basis ? ` (${plain(node.basis)})` : "";
      lines.push(`${"  ".repeat(Math.min(node.depth, 8))}- ${node.truth}: ${plain(node.text)}${basis}${says}`);
      for (const place of node.places) lines.push(`${"  ".repeat(Math.min(node.depth, 8) + 1)}- ${quoted(place)}`);
    }
  }
  if (detail.missing_facts.length || detail.how_to_get.length) {
    lines.push("", "### Still missing", "");
    for (const way of detail.how_to_get) lines.push(`- [ ] ${plain(way)}`);
    if (!detail.how_to_get.length) for (const fact of detail.missing_facts) lines.push(`- [ ] ${plain(fact)}`);
  }
  if (detail.remedy.length) {
    lines.push("", "### What to do", "");
    detail.remedy.forEach((step, at) => lines.push(`- [${isDone(at) ? "x" : " "}] ${plain(step)}`));
  }
  if (text && text.references.length) {
    lines.push("", "### References", "");
    for (const reference of text.references) lines.push(`- ${plain(reference)}`);
  }
  lines.push("", `Finding ${quoted(finding.key)}, evtscan ${plain(report.version)}`, "");
  return lines.join("\n");
}

export function ticketOfRemedy(report, remedy) {
  const { rule } = remedy;
  const names = [...new Set(remedy.list.map((finding) => finding.host.name))];
  const more = names.length - HOSTS_IN_TICKET;
  const verdicts = countVerdicts(report, remedy.list).map(([verdict, count]) => `${number(count)} ${word(verdict)}`);
  return [
    `## ${plain(titleOf(rule))}${rule.article ? ` (${plain(rule.article)})` : ""}: ${plural(names.length, "host")}`,
    "",
    plain(joined([verdicts.join(", "), rule.level])),
    "",
    ...(rule.text && rule.text.cause ? [plain(rule.text.cause), ""] : []),
    "### What to do",
    "",
    ...remedy.steps.map((step) => `- [ ] ${plain(step)}`),
    "",
    "### Hosts",
    "",
    ...names.slice(0, HOSTS_IN_TICKET).map((name) => `- [ ] ${plain(name)}`),
    ...(more > 0 ? [`- and ${number(more)} more`] : []),
    "",
  ].join("\n");
}

// Copy to the clipboard; where the browser refuses, show the text ready to be copied by hand.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copiedBySelection(text)) {
      showForCopying(text);
      return;
    }
  }
  say("Copied as Markdown.");
}

function copiedBySelection(text) {
  const before = document.activeElement;
  const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  let done = false;
  try {
    done = document.execCommand("copy");
  } catch {
    done = false;
  }
  area.remove();
  if (before) before.focus();
  return done;
}

function showForCopying(text) {
  const area = el("textarea", { rows: "18", readonly: true, "aria-label": "The ticket as Markdown" });
  area.value = text;
  const dialog = el(
    "dialog",
    { "aria-label": "Copy as ticket" },
    el(
      "p",
      null,
      "The browser does not let this page copy by itself. The text is selected: copy it with Ctrl+C or ⌘C.",
    ),
    area,
    button("Close", () => dialog.close()),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  area.select();
}
