// Addresses → pages, the frame around them, light and dark, and the keyboard.

import { capital, number, shown } from "./text.js";
import { button, el, fill, link, say } from "./dom.js";
import { Report } from "./data.js";
import { overviewPage } from "./overview.js";
import {
  blindPage,
  findingHref,
  findingsPage,
  hostHref,
  hostsPage,
  needPage,
  needsPage,
  remediesPage,
  remedyPage,
  rulesPage,
} from "./lists.js";
import { findingPage, hostPage, rulePage } from "./pages.js";

const PLACES = [
  ["#/", "Overview"],
  ["#/first", "Do first"],
  ["#/collect", "Collect next"],
  ["#/findings", "Findings"],
  ["#/hosts", "Hosts"],
  ["#/rules", "Rules"],
  ["#/blind", "Blind spots"],
];

const THEMES = ["auto", "light", "dark"];

// What the browser keeps for this file; some keep nothing for files.
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // nothing is kept then
  }
}

class App {
  constructor() {
    this.theme = THEMES.includes(recall("evtscan:theme")) ? recall("evtscan:theme") : "auto";
    this.scrolled = new Map();
    this.listed = [];
    this.turn = 0;
    this.paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  async start() {
    if (typeof DecompressionStream === "undefined")
      throw new Error(
        "this browser is too old for this page: it needs Chrome or Edge 103, Firefox 113, Safari 16.4, or later",
      );
    this.report = await Report.open();
    this.frame();
    addEventListener("hashchange", () => this.show());
    addEventListener("popstate", () => (this.returning = true));
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
    addEventListener("keydown", (event) => this.key(event));
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault(); // an address of its own would lead to no page
      document.getElementById("main").focus();
    });
    await this.show();
  }

  // ------------------------------------------------------------------------------------------------- the frame

  frame() {
    this.places = PLACES.map(([href, name]) => [href, link(href, name)]);
    this.switch = button("", () => this.nextTheme(), { class: "theme" });
    fill(
      document.getElementById("top"),
      el("a", { href: "#/", class: "name" }, "evtscan"),
      el(
        "nav",
        { "aria-label": "Pages" },
        el(
          "ul",
          null,
          this.places.map(([, node]) => el("li", null, node)),
        ),
      ),
      this.jump(),
      this.switch,
    );
    fill(
      document.getElementById("foot"),
      `Written by evtscan ${this.report.version}${this.report.date ? ` on ${this.report.date}` : ""}. Times are UTC unless they say “local”. Keys: / searches, [ and ] turn to the finding before and after.`,
    );
    this.paint();
  }

  // A box that leads to a host or a finding by name.
  jump() {
    const go = () => {
      const wanted = box.value.trim();
      if (!wanted) return;
      const host = this.report.hosts.find((one) => one.name.toLowerCase() === wanted.toLowerCase());
      location.hash = host ? hostHref(host) : `#/hosts?${new URLSearchParams({ q: wanted })}`;
      box.value = "";
    };
    const box = el("input", {
      type: "search",
      placeholder: "Go to host",
      "aria-label": "Go to host",
      autocomplete: "off",
      spellcheck: "false",
    });
    return (
      this.report.hosts.length > 1 &&
      el(
        "form",
        {
          class: "jump",
          role: "search",
          "aria-label": "Go to host",
          on: { submit: (event) => (event.preventDefault(), go()) },
        },
        box,
      )
    );
  }

  nextTheme() {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    keep("evtscan:theme", this.theme === "auto" ? null : this.theme);
    this.paint();
    say(`Colours: ${this.theme}`);
  }

  paint() {
    const dark =
      !this.printing &&
      (this.theme === "dark" || (this.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches));
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    if (!this.switch) return;
    fill(
      this.switch,
      el("span", { "aria-hidden": "true" }, { auto: "◑", light: "○", dark: "●" }[this.theme]),
      ` ${capital(this.theme)}`,
    );
    this.switch.setAttribute("aria-label", `Colours: ${this.theme}. Change`);
  }

  // ---------------------------------------------------------------------------------------------------- pages

  page() {
    const [path, search = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
    const query = new URLSearchParams(search);
    const [place, ...rest] = path.split("/");
    const name = decoded(rest.join("/"));
    const remember = (next) => this.remember(path, next);
    const { report } = this;
    const found = {
      "": () => overviewPage(report),
      first: () =>
        name
          ? known(report.remedies[name - 1], (remedy) => remedyPage(report, remedy, query, remember))
          : remediesPage(report),
      collect: () =>
        name ? known(report.needs[name - 1], (need) => needPage(report, need, query, remember)) : needsPage(report),
      findings: () => findingsPage(report, query, remember),
      hosts: () => hostsPage(report, query, remember),
      rules: () => rulesPage(report, query, remember),
      blind: () => blindPage(report, query, remember),
      finding: () =>
        known(
          report.findings.find((one) => one.key === name),
          (finding) => findingPage(report, finding, this.neighbours(finding)),
        ),
      host: () =>
        known(
          report.hosts.find((one) => one.key === name),
          (host) => hostPage(report, host),
        ),
      rule: () =>
        known(
          report.rules.find((one) => one.id === name),
          (rule) => rulePage(report, rule, query, remember),
        ),
    };
    return (Object.hasOwn(found, place) ? found[place]() : null) || missingPage();
  }

  async show() {
    const turn = ++this.turn;
    const main = document.getElementById("main");
    if (this.at !== undefined) this.scrolled.set(this.at, scrollY);
    const isFirst = this.at === undefined;
    const isBack = this.returning && this.scrolled.has(location.hash);
    this.returning = false;
    const page = await this.page();
    if (turn !== this.turn) return; // another page was asked for meanwhile
    this.at = location.hash;
    this.table = page.table;
    fill(main, page.node);
    document.title = `${shown(page.title)} · ${shown(this.report.title || "evtscan report")}`;
    this.mark();
    if (this.table) this.listed = this.table.found[0] && this.table.found[0].rule ? this.table : this.listed;
    if (!isFirst) this.focus(main);
    scrollTo(0, isBack ? this.scrolled.get(location.hash) : 0);
  }

  focus(main) {
    const heading = main.querySelector("h1");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  mark() {
    const place = `#/${location.hash.replace(/^#\/?/, "").split(/[/?]/)[0]}`;
    const parent = { "#/finding": "#/findings", "#/host": "#/hosts", "#/rule": "#/rules" }[place] || place;
    for (const [href, node] of this.places) {
      if (href === parent) node.setAttribute("aria-current", "page");
      else node.removeAttribute("aria-current");
    }
  }

  // What was chosen in a list goes into the address, without a step of its own in the history.
  remember(path, query) {
    const text = query.toString();
    const hash = `#/${path}${text ? `?${text}` : ""}`;
    if (hash === location.hash || (path === "" && !text)) return;
    history.replaceState(null, "", hash);
    this.at = hash;
  }

  // The findings before and after this one, as the list that led here had them.
  neighbours(finding) {
    const list =
      this.listed.found && this.listed.found.includes(finding)
        ? this.listed.found
        : [...this.report.findings].sort((one, other) => one.severity - other.severity);
    const at = list.indexOf(finding);
    if (list.length < 2) return null;
    const step = (to, label, key) =>
      list[to] ? el("a", { href: findingHref(list[to]), rel: key }, label) : el("span", { class: "nil" }, label);
    return el(
      "nav",
      { class: "steps-through", "aria-label": "Findings of the list" },
      step(at - 1, "‹ Previous", "prev"),
      el("span", { class: "place" }, `${number(at + 1)} of ${number(list.length)}`),
      step(at + 1, "Next ›", "next"),
    );
  }

  // Paper is light, and shows all of a list and all that is folded up.
  print(begins) {
    this.printing = begins;
    this.paint();
    if (this.table) this.table.print(begins);
    for (const part of document.querySelectorAll("main details")) {
      if (begins) part.dataset.open = part.open ? "yes" : "no";
      part.open = begins || part.dataset.open === "yes";
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName))
      return;
    const search = () => document.querySelector("main .search") || document.querySelector(".jump input");
    const through = (rel) => document.querySelector(`.steps-through a[rel="${rel}"]`);
    const target = { "/": search, "[": () => through("prev"), "]": () => through("next") }[event.key];
    const node = target && target();
    if (!node) return;
    event.preventDefault();
    if (event.key === "/") node.focus();
    else node.click();
  }
}

const known = (thing, page) => (thing ? page(thing) : null);

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const missingPage = () => ({
  title: "Not in this report",
  node: [
    el("h1", null, "Not in this report"),
    el("p", null, "There is no such page. ", link("#/", "To the overview"), "."),
  ],
});

const app = new App();
addEventListener("DOMContentLoaded", () =>
  app.start().catch((error) => {
    fill(
      document.getElementById("main"),
      el("h1", null, "The report cannot be shown"),
      el("p", null, error.message),
      el("p", null, "The same report stands in report.json and in the CSV tables beside this file."),
    );
    console.error(error);
  }),
);
