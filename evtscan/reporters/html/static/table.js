// A list of things that can be searched, filtered, sorted and leafed through; what was chosen stands in the address.

import { number, plural } from "./text.js";
import { button, el, fill, say } from "./dom.js";

const ROWS_ON_PAGE = 100;
const ROWS_PRINTED = 2000;

// caption: what the table is; noun: of what; rows: objects.
// columns: [{key, label, cell(row), by(row), look, down}], by: what to sort by, down: the largest first.
// facets: [{key, label, of(row), order, buttons, name(value)}], filters by one of few values.
// words(row): what a search looks in. query: URLSearchParams to begin with; changed(query) hears of every choice.
export class ListTable {
  constructor(options) {
    Object.assign(this, { facets: [], query: new URLSearchParams(), changed: () => {}, sort: "" }, options);
    this.collate = new Intl.Collator("en", { numeric: true }).compare;
    this.folded = new Map();
    this.limit = ROWS_ON_PAGE;
    this.facets = this.facets.filter(
      (facet) => new Set(this.rows.flatMap(facet.of)).size > 1 || this.query.has(facet.key),
    );
    this.read();
    this.build();
    this.update();
  }

  read() {
    this.search = this.query.get("q") || "";
    this.order = this.query.get("sort") || this.sort;
    this.page = Math.max(1, parseInt(this.query.get("page"), 10) || 1);
    this.chosen = new Map(this.facets.map((facet) => [facet.key, new Set(this.query.getAll(facet.key))]));
  }

  // The choices as they stand in an address; other members of the query stay as they are.
  written() {
    const query = new URLSearchParams(this.query);
    for (const name of ["q", "sort", "page", ...this.facets.map((facet) => facet.key)]) query.delete(name);
    if (this.search) query.set("q", this.search);
    for (const [key, values] of this.chosen) for (const value of values) query.append(key, value);
    if (this.order !== this.sort) query.set("sort", this.order);
    if (this.page > 1) query.set("page", this.page);
    return query;
  }

  // ------------------------------------------------------------------------------------------- what is there

  build() {
    this.box = el("input", {
      type: "search",
      class: "search",
      placeholder: `Search ${this.noun}s`,
      "aria-label": `Search ${this.noun}s`,
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.choose(() => (this.search = this.box.value)) },
    });
    this.box.value = this.search;
    this.reset = button(
      "Clear filters",
      () => {
        this.box.value = "";
        this.choose(() => {
          this.search = "";
          for (const values of this.chosen.values()) values.clear();
        });
        this.box.focus();
      },
      { class: "reset" },
    );
    this.filters = el(
      "form",
      {
        class: "filters",
        role: "search",
        "aria-label": `Filter ${this.caption.toLowerCase()}`,
        on: { submit: (event) => event.preventDefault() },
      },
      this.box,
      this.facets.map((facet) => (facet.buttons ? this.buttons(facet) : this.select(facet))),
      this.reset,
    );
    this.heads = this.columns.map((column) => this.head(column));
    this.body = el("tbody");
    this.count = el("p", { class: "count", role: "status", "aria-live": "polite" });
    this.pager = this.leaves();
    this.node = el(
      "div",
      { class: "list" },
      this.rows.length > 1 && this.filters,
      el(
        "div",
        { class: "between" },
        this.count,
        this.rows.length > 1 && button("Download as CSV", () => this.download(), { class: "download" }),
      ),
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "group", "aria-label": this.caption },
        el(
          "table",
          { class: "rows" },
          el("caption", { class: "unseen" }, this.caption),
          el("thead", null, el("tr", null, this.heads)),
          this.body,
        ),
      ),
      this.pager.node,
    );
  }

  head(column) {
    if (!column.by) return el("th", { scope: "col", class: column.look }, column.label);
    const turn = () => {
      const first = column.down ? `-${column.key}` : column.key;
      const other = column.down ? column.key : `-${column.key}`;
      this.choose(() => (this.order = this.order === first ? other : first));
    };
    return el(
      "th",
      { scope: "col", class: column.look },
      button([column.label, el("span", { class: "arrow", "aria-hidden": "true" })], turn),
    );
  }

  values(facet) {
    const found = new Set([...this.rows.flatMap(facet.of), ...this.chosen.get(facet.key)]);
    const known = (facet.order || []).filter((value) => found.delete(value));
    return [...known, ...[...found].sort(this.collate)];
  }

  buttons(facet) {
    facet.controls = new Map(
      this.values(facet).map((value) => {
        const toggle = () =>
          this.choose(() => {
            const values = this.chosen.get(facet.key);
            if (!values.delete(value)) values.add(value);
          });
        const amount = el("span", { class: "amount" });
        const node = button([facet.name ? facet.name(value) : value, amount], toggle, { class: "toggle" });
        return [value, { node, amount }];
      }),
    );
    return el(
      "div",
      { class: "facet", role: "group", "aria-label": facet.label },
      [...facet.controls.values()].map((control) => control.node),
    );
  }

  select(facet) {
    const values = this.values(facet);
    const node = el("select", {
      "aria-label": facet.label,
      on: {
        change: () =>
          this.choose(() => {
            this.chosen.set(facet.key, new Set(node.value ? [node.value] : []));
          }),
      },
    });
    facet.options = new Map(values.map((value) => [value, Object.assign(el("option"), { value })]));
    node.append(el("option", { value: "" }, `${facet.label}: any`), ...facet.options.values());
    facet.node = node;
    return node;
  }

  leaves() {
    const turn = (to) => () => {
      if (to() === this.page || to() < 1 || to() > this.pages) return;
      this.page = to();
      this.update();
      this.node.scrollIntoView({ block: "start" });
    };
    const first = button(
      "« First",
      turn(() => 1),
    );
    const back = button(
      "‹ Previous",
      turn(() => this.page - 1),
    );
    const on = button(
      "Next ›",
      turn(() => this.page + 1),
    );
    const last = button(
      "Last »",
      turn(() => this.pages),
    );
    const place = el("span", { class: "place" });
    return {
      node: el("nav", { class: "pager", "aria-label": `Pages of ${this.caption}` }, first, back, place, on, last),
      first,
      back,
      place,
      on,
      last,
    };
  }

  // ------------------------------------------------------------------------------------------- what is chosen

  choose(change) {
    change();
    this.page = 1;
    this.update();
  }

  update() {
    // every word has to be there, and what stands between quotation marks as it is
    this.wanted = [...this.search.toLowerCase().matchAll(/"([^"]+)"|[^\s"]+/g)].map(([word, phrase]) => phrase || word);
    const rows = this.sorted(
      this.rows.filter((row) => this.finds(row) && this.facets.every((facet) => this.fits(facet, row))),
    );
    this.found = rows;
    this.pages = Math.max(1, Math.ceil(rows.length / this.limit));
    this.page = Math.min(this.page, this.pages);
    const begin = (this.page - 1) * this.limit;
    const shownRows = rows.slice(begin, begin + this.limit);
    fill(
      this.body,
      shownRows.map((row) =>
        el(
          "tr",
          null,
          this.columns.map((column) => el("td", { class: column.look }, column.cell(row))),
        ),
      ),
    );
    this.tell(rows.length, begin, shownRows.length);
    this.changed(this.written());
  }

  tell(found, begin, count) {
    const all = this.rows.length;
    const many = this.nouns || `${this.noun}s`;
    if (!found) fill(this.count, all ? `None of ${plural(all, this.noun, many)} fits these filters.` : `No ${many}.`);
    else
      fill(
        this.count,
        found === all ? plural(all, this.noun, many) : `${number(found)} of ${plural(all, this.noun, many)}`,
      );
    this.reset.hidden = !this.search && ![...this.chosen.values()].some((values) => values.size);
    this.columns.forEach((column, at) => {
      const down = this.order === `-${column.key}`;
      const sorted = down || this.order === column.key;
      if (column.by) this.heads[at].setAttribute("aria-sort", sorted ? (down ? "descending" : "ascending") : "none");
    });
    for (const facet of this.facets) this.tellFacet(facet);
    const { node, first, back, place, on, last } = this.pager;
    node.hidden = this.pages === 1;
    fill(place, `${number(begin + 1)}–${number(begin + count)} of ${number(found)}`);
    for (const [control, off] of [
      [first, this.page === 1],
      [back, this.page === 1],
      [on, this.page === this.pages],
      [last, this.page === this.pages],
    ]) {
      control.setAttribute("aria-disabled", off);
    }
  }

  // How many rows each value of a facet would give, as the other filters stand.
  tellFacet(facet) {
    const counts = new Map();
    for (const row of this.rows) {
      if (!this.finds(row) || !this.facets.every((other) => other === facet || this.fits(other, row))) continue;
      for (const value of [facet.of(row)].flat()) counts.set(value, (counts.get(value) || 0) + 1);
    }
    const chosen = this.chosen.get(facet.key);
    for (const [value, control] of facet.controls || []) {
      control.node.setAttribute("aria-pressed", chosen.has(value));
      fill(control.amount, number(counts.get(value) || 0));
    }
    for (const [value, option] of facet.options || [])
      fill(option, `${facet.name ? facet.name(value) : value} (${number(counts.get(value) || 0)})`);
    if (facet.node) facet.node.value = [...chosen][0] || "";
  }

  fits(facet, row) {
    const chosen = this.chosen.get(facet.key);
    return !chosen.size || [facet.of(row)].flat().some((value) => chosen.has(value));
  }

  finds(row) {
    if (!this.wanted.length) return true;
    if (!this.folded.has(row)) this.folded.set(row, this.words(row).toLowerCase());
    const text = this.folded.get(row);
    return this.wanted.every((part) => text.includes(part));
  }

  sorted(rows) {
    const column = this.columns.find((one) => one.key === this.order.replace(/^-/, ""));
    if (!column || !column.by) return rows;
    const sign = this.order.startsWith("-") ? -1 : 1;
    const keyed = rows.map((row) => [column.by(row), row]);
    keyed.sort(([one], [other]) => {
      if (one === "" || other === "") return (one === "") - (other === "");
      return sign * (typeof one === "number" ? one - other : this.collate(one, other));
    });
    return keyed.map(([, row]) => row);
  }

  // The rows that pass the filters, in their order, as a CSV file with the texts of the cells.
  download() {
    const text = (node) => el("td", null, node).textContent.replace(/\s+/g, " ").trim();
    const cell = (value) => {
      const safe = /^[=+\-@\t\r]/.test(value) && !/^-?[\d.,]+$/.test(value) ? `'${value}` : value;
      return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
    };
    const lines = [this.columns.map((column) => cell(column.label))];
    for (const row of this.found) lines.push(this.columns.map((column) => cell(text(column.cell(row)))));
    const data = lines.map((line) => `${line.join(",")}\r\n`).join("");
    const address = URL.createObjectURL(new Blob(["\ufeff", data], { type: "text/csv;charset=utf-8" }));
    const name = `${this.caption.toLowerCase().replace(/[^a-z]+/g, "-")}.csv`;
    const anchor = el("a", { class: "unseen", download: name });
    anchor.href = address;
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    say(`${plural(this.found.length, "row")} saved as ${name}.`);
  }

  // On paper there is no next page.
  print(begins) {
    this.limit = begins ? ROWS_PRINTED : ROWS_ON_PAGE;
    const page = this.page;
    if (begins) this.leaf = page;
    this.page = begins ? 1 : this.leaf || 1;
    this.update();
  }
}
