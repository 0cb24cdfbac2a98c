const source = document.getElementById("answers-data");
const data = source ? JSON.parse(source.textContent) : { rows: [] };
const STEP = 25;
let page = 0;
// as text/control.py has them: none is seen, and some turn round what stands beside them
const UNSEEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\u{e0000}-\u{e007f}]/gu;
const shown = (text) => String(text).replace(/\r\n/g, "\n").replace(UNSEEN, (sign) =>
  "<U+" + sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + ">");
const make = (name, className, text) => {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = shown(text);
  return node;
};
const value = (name) => document.getElementById("filter-" + name).value;
function said(body, title, text, language) {
  const p = make("p", "said", text || "(empty)");
  p.dir = "auto";
  p.lang = language;
  body.append(make("h3", "", title), p);
}
function entry(row) {
  const details = make("details"), summary = make("summary");
  summary.append(chip(row), make("span", "", row.id),
    make("span", "who", [data.names[row.language] || row.language, ...about(row)]
      .filter(Boolean).join(" \u00b7 ")));
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
let asked = 0;
const announce = (text) => { document.getElementById("answer-count").textContent = text; };
async function list() {
  const mine = ++asked, isOld = () => mine !== asked;
  try {
    const rows = await matching(isOld);
    page = Math.min(Math.max(page, 0), Math.max(1, Math.ceil(rows.length / STEP)) - 1);
    const part = await Promise.all(rows.slice(page * STEP, (page + 1) * STEP).map(rowOf));
    if (!isOld()) put(rows, part);
  } catch (fault) {
    if (!isOld()) announce(fault.message);
  }
}
function put(rows, part) {
  const pages = Math.max(1, Math.ceil(rows.length / STEP));
  document.getElementById("answer-list").replaceChildren(...part.map(entry));
  announce(rows.length
    ? (page * STEP + 1) + " to " + (page * STEP + part.length) + " of "
      + rows.length.toLocaleString("en") + " " + NOUN[rows.length === 1 ? 0 : 1]
    : "No " + NOUN[0] + " fits these filters.");
  document.getElementById("previous").disabled = page === 0;
  document.getElementById("next").disabled = page >= pages - 1;
}
const turn = (by) => { page += by; list(); };
if (document.getElementById("answers-fold")) {
  document.getElementById("answer-filters").addEventListener("input", () => { page = 0; list(); });
  document.getElementById("previous").addEventListener("click", () => turn(-1));
  document.getElementById("next").addEventListener("click", () => turn(1));
  document.getElementById("answers-fold").addEventListener("toggle", list, { once: true });
}
