const flipsFold = document.getElementById("flips-fold");
let flips = [], flipAt = 0;
const namedLanguage = (tag) => data.names[tag] || tag;
function folded(words, content) {
  const details = make("details", "answer"), summary = make("summary", "", words);
  details.append(summary, content);
  return details;
}
function textOf(name, className, row, text) {
  const node = make(name, className, text || "(empty)");
  node.lang = row.language;
  node.dir = "auto";
  return node;
}
function card(row) {
  const kind = kindOf(row), article = make("article", ("flip-card " + (lookOf(kind) === "unsafe" ? "unsafe" : "")).trim());
  const header = make("header");
  header.append(make("h3", "", namedLanguage(row.language)), pill(kind));
  article.append(header, textOf("p", "", row, row.prompt));
  if (kind === "blocked") article.append(make("p", "answer soft", "The service let no answer through."));
  else if (kind === "refused") {
    const open = make("div", "answer");
    open.append(textOf("div", "", row, row.answer));
    article.append(open);
  } else article.append(folded(lookOf(kind) === "unsafe" ? "Show unsafe answer" : "Show answer", textOf("div", "", row, row.answer)));
  return article;
}
function cards(rows) {
  const grid = make("div", "flip-cards");
  grid.append(...rows.map(card));
  return grid;
}
async function showFlip() {
  const flip = flips[flipAt], place = document.getElementById("flip"), status = document.getElementById("flip-count");
  for (const id of ["flip-previous", "flip-next", "flip-list"]) document.getElementById(id).disabled = !flips.length;
  status.textContent = flips.length ? (flipAt + 1).toLocaleString("en") + " of " + flips.length.toLocaleString("en") : "none";
  if (!flip) return place.replaceChildren();
  const rows = await Promise.all(Array.from({ length: flip.end - flip.start }, (_, i) => rowAt(flip.start + i)));
  if (flips[flipAt] !== flip) return;
  const chosenRow = rows[flip.unsafe[0] - flip.start], side = rows.filter((row) => row.sample === chosenRow.sample);
  const unsafe = side.filter((row) => kindOf(row) === "unsafe" && row.language !== data.reference);
  const first = [...side.filter((row) => row.language === data.reference),
    chosenRow, ...unsafe.filter((row) => row !== chosenRow)];
  const rest = side.filter((row) => !first.includes(row));
  place.replaceChildren(make("p", "flip-about", [chosenRow.categories.join(", "), chosenRow.id, badWord() + " in " + unsafe.length
    + " of " + side.length + " languages"].join(" \u00b7 ")), cards(first));
  if (!rest.length) return;
  const more = make("details", "flip-rest");
  more.append(make("summary", "", rest.length === 1 ? "The other language" : "The other " + rest.length + " languages"), cards(rest));
  place.append(more);
}
async function openFlips() {
  const index = await opened(), of = columns(index), select = document.getElementById("flip-language");
  const every = flipsIn(index), counts = new Map();
  for (const flip of every) for (const tag of new Set(flip.unsafe.map(of.language))) counts.set(tag, (counts.get(tag) || 0) + 1);
  const named = [...counts].sort((one, other) => other[1] - one[1]);
  if (named.length > 1) named.push(["", every.length]);
  select.replaceChildren(...named.map(([tag, n]) => {
    const option = make("option", "", (tag ? namedLanguage(tag) : "any language") + " (" + n.toLocaleString("en") + ")");
    option.value = tag;
    return option;
  }));
  pickFlips();
}
async function pickFlips() {
  flips = flipsIn(await opened(), document.getElementById("flip-language").value);
  flipAt = 0;
  await showFlip();
}
function turnFlip(by) {
  flipAt = (flipAt + by + flips.length) % flips.length;
  guardedFlip(showFlip);
}
async function guardedFlip(act) {
  try { await act(); } catch (fault) { document.getElementById("flip").replaceChildren(make("p", "soft", fault.message)); }
}
if (flipsFold) {
  flipsFold.addEventListener("toggle", () => guardedFlip(openFlips), { once: true });
  document.getElementById("flip-language").addEventListener("change", () => guardedFlip(pickFlips));
  document.getElementById("flip-previous").addEventListener("click", () => turnFlip(-1));
  document.getElementById("flip-next").addEventListener("click", () => turnFlip(1));
  document.getElementById("flip-list").addEventListener("click", () =>
    listOnly({ kind: "flips", language: document.getElementById("flip-language").value }));
  document.addEventListener("change", (event) => {
    if (event.target.dataset.choose && flipsFold.open) guardedFlip(openFlips);
  });
}
