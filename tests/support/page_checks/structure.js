// What would lead a screen reader astray.
const flaws = [];
const every = (selector) => [...document.querySelectorAll(selector)];

for (const tag of ["header", "main", "footer", "h1"]) {
  if (every(tag).length !== 1) flaws.push(`${every(tag).length} ${tag}`);
}

let level = 0;
for (const heading of every("h1, h2, h3")) {
  if (Number(heading.tagName[1]) > level + 1) flaws.push(`a level left out before ${heading.textContent}`);
  level = Number(heading.tagName[1]);
}

const ids = every("[id]").map((node) => node.id);
if (new Set(ids).size !== ids.length) flaws.push("an id twice");
for (const node of every("[aria-labelledby]")) {
  if (!document.getElementById(node.getAttribute("aria-labelledby"))) flaws.push("a label that is not there");
}

const NAMED = "button, a[href], input, select, textarea, nav, form, aside, [role=img], [role=region], [role=group]";
for (const node of every(NAMED)) {
  if (!node.ariaLabel && !node.textContent.trim() && !node.closest("label")) flaws.push(node.outerHTML.slice(0, 80));
}

for (const table of every("table")) {
  if (!table.caption) flaws.push("a table without caption");
  if ([...table.querySelectorAll("th")].some((head) => head.scope !== "col")) flaws.push("a head without scope");
}
return flaws;
