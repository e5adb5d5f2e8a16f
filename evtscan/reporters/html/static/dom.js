// Elements out of text. Nothing here takes markup, and the page's content security policy would refuse it.

import { VERDICT_SIGNS, VERDICT_WORDS, day, moment, number, shown, word } from "./text.js";

const SVG = "http://www.w3.org/2000/svg";

// el("a", {href: "#/", class: "quiet", on: {click: f}}, "text", child, [children])
export function el(tag, attributes, ...children) {
  return fitted(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fitted(document.createElementNS(SVG, tag), attributes, children);
}

function fitted(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value == null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value)) node.style.setProperty(property, text);
    } else if (name === "href") {
      if (isSafe(value)) node.setAttribute("href", value);
    } else {
      node.setAttribute(name, value === true ? "" : shown(value));
    }
  }
  node.append(...nodes(children));
  return node;
}

function* nodes(children) {
  for (const child of children) {
    if (child == null || child === false || child === "") continue;
    if (Array.isArray(child)) yield* nodes(child);
    else yield child instanceof Node ? child : document.createTextNode(spaced(child));
  }
}

// Text between elements keeps the space at its ends.
function spaced(value) {
  const text = String(value);
  const before = /^\s/.test(text) ? " " : "";
  const after = /\s$/.test(text) && text.trim() ? " " : "";
  return before + shown(text) + after;
}

// Only places in this page, and web addresses, which nobody opens but a person.
const isSafe = (address) => /^(#|https?:\/\/)/i.test(address);

export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

export const link = (href, ...children) => el("a", { href }, ...children);

export const button = (label, listener, attributes) =>
  el("button", { type: "button", ...attributes, on: { click: listener } }, label);

export const time = (text) => (text ? el("time", { title: text, datetime: /Z$/.test(text) ? text : null }, moment(text)) : "");

export const date = (text) =>
  text ? el("time", { title: text, datetime: /Z$/.test(text) ? text : null }, day(text) || text) : "";

// A word of its own look: the look is never alone, the word is always there.
export const badge = (verdict, count) =>
  el(
    "span",
    { class: "badge", "data-verdict": verdict, title: VERDICT_WORDS[verdict] },
    el("span", { "aria-hidden": "true", class: "sign" }, VERDICT_SIGNS[verdict]),
    count === undefined ? word(verdict) : `${number(count)} ${word(verdict)}`,
  );

export const level = (name) => name && el("span", { class: "level", "data-level": name }, name);

// Short facts in a row; each keeps its distance from the next.
export const inRow = (tag, ...items) =>
  el(
    tag,
    { class: "facts" },
    [...nodes(items)].map((item) => (item.nodeType === Node.TEXT_NODE ? el("span", null, item) : item)),
  );

export const code = (text) => el("code", null, text);

// [["Host", node], …]: what has no value is left out.
export function properties(pairs, attributes) {
  const known = pairs.filter(
    ([, value]) => value !== "" && value != null && value !== false && !(Array.isArray(value) && !value.length),
  );
  return el(
    "dl",
    attributes,
    known.map(([name, value]) => el("div", null, el("dt", null, name), el("dd", null, value))),
  );
}

// A part of a page with its heading.
export function section(title, attributes, ...children) {
  const id = `s-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  return el("section", { "aria-labelledby": id, ...attributes }, el("h2", { id }, title), ...children);
}

// A plain table: columns are [label, class], rows are arrays of cells.
export function plainTable(caption, columns, rows, attributes) {
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "group", "aria-label": caption },
    el(
      "table",
      attributes,
      el("caption", { class: "unseen" }, caption),
      el(
        "thead",
        null,
        el(
          "tr",
          null,
          columns.map(([label, look]) => el("th", { scope: "col", class: look }, label)),
        ),
      ),
      el(
        "tbody",
        null,
        rows.map((cells) =>
          cells instanceof Node
            ? cells
            : el(
                "tr",
                null,
                cells.map((cell, at) => el("td", { class: columns[at][1] }, cell)),
              ),
        ),
      ),
    ),
  );
}

export function say(text) {
  fill(document.getElementById("status"), text);
}
