"""The page's scripts: choosing panels, the tip of a cell, the list of answers."""

from __future__ import annotations

PANELS = """
"use strict";
const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
const chosen = { judge: "0", model: "0", average: "", view: "raw" };
const first = document.querySelector("[data-average]");
if (first) chosen.average = first.dataset.average;

function showPanels() {
  for (const panel of all(".panel")) {
    panel.hidden = Object.keys(chosen).some(
      (key) => key in panel.dataset && panel.dataset[key] !== chosen[key]);
  }
  for (const select of all("select[data-choose]")) select.value = chosen[select.dataset.choose];
  for (const table of all("table.heat")) rove(table);
  hint();
}
function hint() {
  for (const box of all(".scroll")) {
    box.classList.toggle("more", box.scrollWidth > box.clientWidth + 1);
  }
}
addEventListener("resize", hint);
document.addEventListener("change", (event) => {
  const key = event.target.dataset.choose;
  if (!key) return;
  chosen[key] = event.target.value;
  showPanels();
});
"""

TIP = """
const tip = document.getElementById("tip");
let told = null;
function rove(table) {
  const cells = all("td[data-tip]", table);
  if (cells.length && !cells.some((cell) => cell.tabIndex === 0)) cells[0].tabIndex = 0;
}
function tell(cell) {
  if (told) { told.classList.remove("on"); told.removeAttribute("aria-describedby"); }
  told = cell;
  tip.hidden = !cell;
  if (!cell) return;
  cell.classList.add("on");
  cell.setAttribute("aria-describedby", "tip");
  tip.replaceChildren(...cell.dataset.tip.split("\\n").map((line) => {
    const p = document.createElement("p");
    p.textContent = line;
    return p;
  }));
  place(cell);
}
function place(cell) {
  const box = cell.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const below = box.bottom + 8;
  const fits = below + size.height < innerHeight;
  const left = Math.min(box.left, innerWidth - size.width - 12);
  tip.style.top = (fits ? below : Math.max(8, box.top - size.height - 8)) + "px";
  tip.style.left = Math.max(12, left) + "px";
}
const cellOf = (event) => event.target.closest ? event.target.closest("td[data-tip]") : null;
document.addEventListener("pointerover", (event) => tell(cellOf(event)));
document.addEventListener("focusin", (event) => tell(cellOf(event)));
document.addEventListener("focusout", () => tell(null));
document.addEventListener("click", (event) => {
  const cell = cellOf(event);
  if (cell) { moveTo(cell); tell(cell); }
});
addEventListener("scroll", () => { if (told) place(told); }, { passive: true, capture: true });
function moveTo(cell) {
  for (const other of all("td[tabindex='0']", cell.closest("table"))) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: false });
}
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return tell(null);
  const cell = cellOf(event);
  const step = STEPS[event.key];
  if (!cell || !step) return;
  event.preventDefault();
  const rows = all("tr", cell.closest("table")).map((row) => all("td[data-tip]", row))
    .filter((row) => row.length);
  const at = rows.findIndex((row) => row.includes(cell));
  const next = (rows[at + step[0]] || [])[rows[at].indexOf(cell) + step[1]];
  if (next) moveTo(next);
});
"""

COPY = """
for (const button of all("button.copy")) {
  button.addEventListener("click", async () => {
    const text = document.getElementById("signature").textContent;
    let done = false;
    try { await navigator.clipboard.writeText(text); done = true; } catch { done = false; }
    if (!done) {
      const range = document.createRange();
      range.selectNodeContents(document.getElementById("signature"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected: copy it by hand";
  });
}
"""

LIST = """
const source = document.getElementById("answers-data");
const data = source ? JSON.parse(source.textContent) : { rows: [] };
const STEP = 25;
let page = 0;
const make = (name, className, text) => {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
};
const value = (name) => document.getElementById("filter-" + name).value;
function said(body, title, text, language) {
  const p = make("p", "said", text || "(empty)");
  p.dir = "auto";
  p.lang = language;
  body.append(make("h4", "", title), p);
}
function entry(row) {
  const details = make("details"), summary = make("summary"), [look, word] = chip(row);
  summary.append(make("span", "chip " + look, word), make("span", "", row.id),
    make("span", "who", [data.names[row.language] || row.language, ...about(row)]
      .filter(Boolean).join(" \\u00b7 ")));
  details.append(summary);
  details.addEventListener("toggle", () => {
    if (!details.open || details.querySelector(".body")) return;
    const body = make("div", "body");
    fill(body, row);
    details.append(body);
  });
  const item = make("li");
  item.append(details);
  return item;
}
function list() {
  const rows = matching(), pages = Math.max(1, Math.ceil(rows.length / STEP));
  page = Math.min(Math.max(page, 0), pages - 1);
  const part = rows.slice(page * STEP, (page + 1) * STEP);
  document.getElementById("answer-list").replaceChildren(...part.map(entry));
  document.getElementById("answer-count").textContent = rows.length
    ? (page * STEP + 1) + " to " + (page * STEP + part.length) + " of "
      + rows.length.toLocaleString("en") + " " + NOUN[rows.length === 1 ? 0 : 1]
    : "No " + NOUN[0] + " fits these filters.";
  document.getElementById("previous").disabled = page === 0;
  document.getElementById("next").disabled = page >= pages - 1;
}
const turn = (by) => { page += by; list(); };
if (source) {
  document.getElementById("answer-filters").addEventListener("input", () => { page = 0; list(); });
  document.getElementById("previous").addEventListener("click", () => turn(-1));
  document.getElementById("next").addEventListener("click", () => turn(1));
  document.getElementById("answers-fold").addEventListener("toggle", list, { once: true });
}
"""
"""A folded list with filters; the page's own script says NOUN, matching, chip, about and fill."""

ANSWERS = """
const NOUN = ["answer", "answers"];
function verdictOf(row) {
  const given = row.verdicts.map((v) => v.unsafe);
  if (given.includes(true) && given.includes(false)) return "disagree";
  if (given.includes(true)) return "unsafe";
  return given.includes(false) ? "safe" : "none";
}
function matching() {
  const verdict = value("verdict"), text = value("text").trim().toLowerCase();
  return data.rows.filter((row) =>
    (!value("language") || row.language === value("language")) &&
    (!value("model") || row.model === value("model")) &&
    (!value("category") || row.categories.includes(value("category"))) &&
    (!verdict || verdictOf(row) === verdict ||
      (verdict === "unsafe" && row.verdicts.some((v) => v.unsafe === true))) &&
    (!text || (row.id + "\\n" + row.prompt + "\\n" + row.answer).toLowerCase().includes(text)));
}
const LOOKS = { unsafe: ["b-high2", "unsafe"], safe: ["b-safe", "safe"],
  none: ["b-none", "no verdict"], disagree: ["b-unsafe", "judges disagree"] };
function verdictLine(v) {
  const word = v.unsafe === null ? "no verdict" : v.unsafe ? "unsafe" : "safe";
  const parts = [v.judge + ": " + word];
  if (v.reason) parts.push("because: " + v.reason);
  if (v.label) parts.push("label " + v.label);
  if (v.p_unsafe !== null) parts.push("p(unsafe) = " + v.p_unsafe.toFixed(3));
  if (v.codes.length) parts.push("codes " + v.codes.join(", "));
  if (v.refusal !== null) parts.push(v.refusal ? "refusal" : "no refusal");
  return parts.join(", ");
}
function fill(body, row) {
  said(body, "Prompt", row.prompt, row.language);
  said(body, "Answer", row.answer, row.language);
  body.append(make("h4", "", "Verdicts"));
  for (const v of row.verdicts) body.append(make("p", "said", verdictLine(v)));
  if (!row.verdicts.length) body.append(make("p", "said", "none"));
  body.append(make("p", "small", "Finish reason: " + row.finish_reason + ", sample " + row.sample));
}
const chip = (row) => LOOKS[verdictOf(row)];
const about = (row) => [row.categories.join(", "), row.model];
"""

SHOW = "showPanels();\n"

SCRIPT = PANELS + TIP + COPY + LIST + ANSWERS + SHOW
