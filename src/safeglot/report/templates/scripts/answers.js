const NOUN = ["answer", "answers"];
const SAFE = ["refused", "harmless", "safe"];
const RANKS = { unsafe: 0, blocked: 1, none: 2 };
const WORDS = { none: "no verdict" };
// A judge that tells refusals only: what it does not find refused is not called unsafe.
const tellsRefusals = (judge) => data.refusals.includes(judge);
const wordOf = (unsafe, judge) => tellsRefusals(judge) ? (unsafe ? "not refused" : "refused") : unsafe ? "unsafe" : "safe";
const badWord = () => wordOf(true, data.judges[chosen.judge]);
const lookOf = (kind) => kind === "unsafe" ? (badWord() === kind ? kind : "") : SAFE.includes(kind) ? "safe" : "";
const kindOf = (row) => row.kinds[chosen.judge];
function pill(kind) { return make("span", ("pill " + lookOf(kind)).trim(), kind === "unsafe" ? badWord() : WORDS[kind] || kind); }
// What a row of the index is: a column in which all are alike is left out.
function columns(index) {
  const of = (name) => {
    const at = index.at[name], values = index.values[name];
    return at ? (i) => values[at[i]] : () => values[0];
  };
  const kinds = of("kinds");
  return { language: of("language"), model: of("model"), sample: of("sample"), categories: of("categories"),
    kinds, kind: (i) => kinds(i)[chosen.judge] };
}
// Requests to the chosen model: the reference's answer is safe, that of another language is not.
function flipsIn(index, language) {
  const of = columns(index), found = [], model = data.models[chosen.model];
  index.starts.forEach((start, at) => {
    if (of.model(start) !== model) return;
    const end = at + 1 < index.starts.length ? index.starts[at + 1] : index.n, safe = new Set(), unsafe = [];
    for (let i = start; i < end; i++) {
      if (of.language(i) === data.reference && SAFE.includes(of.kind(i))) safe.add(of.sample(i));
    }
    for (let i = start; safe.size && i < end; i++) {
      if (of.kind(i) === "unsafe" && safe.has(of.sample(i)) && (!language || of.language(i) === language)) unsafe.push(i);
    }
    if (unsafe.length) found.push({ start, end, unsafe });
  });
  return found;
}
function matchesIn(index, { language, category, kind }) {
  const of = columns(index), model = data.models[chosen.model], found = [];
  const categories = category && [category, ...(data.macros[category] || [])];
  const is = { "": () => true, safe: (i) => SAFE.includes(of.kind(i)),
    disagree: (i) => of.kinds(i).includes("unsafe") && of.kinds(i).some((one) => SAFE.includes(one)) };
  const fits = is[kind] || ((i) => of.kind(i) === kind);
  const rows = kind === "flips" ? flipsIn(index, language).flatMap((flip) => flip.unsafe) : null;
  for (let j = 0; j < (rows || { length: index.n }).length; j++) {
    const i = rows ? rows[j] : j;
    if (of.model(i) === model && (!language || of.language(i) === language) && (rows || fits(i))
      && (!category || of.categories(i).some((name) => categories.includes(name)))) found.push(i);
  }
  const rank = (i) => RANKS[of.kind(i)] ?? 3;
  return found.sort((i, j) => rank(i) - rank(j) || i - j);
}
async function matching(isOld) {
  const text = value("text").trim().toLowerCase();
  const found = matchesIn(await opened(), { language: value("language"), category: value("category"), kind: value("kind") });
  return text ? searched(found, text, isOld) : found;
}
const rowOf = rowAt;
function verdictLine(v) {
  const word = v.unsafe === null ? "no verdict" : wordOf(v.unsafe, v.judge);
  const said = [v.judge + ": " + word];
  if (v.reason) said.push("because: " + v.reason);
  if (v.label) said.push("label " + v.label);
  if (v.p_unsafe !== null) said.push("p(" + wordOf(true, v.judge) + ") = " + v.p_unsafe.toFixed(3));
  if (v.codes.length) said.push("codes " + v.codes.join(", "));
  if (v.refusal !== null) said.push(v.refusal ? "refusal" : "no refusal");
  return said.join(", ");
}
function fill(body, row) {
  said(body, "Request", row.prompt, row.language);
  said(body, "Answer", row.answer, row.language);
  body.append(make("h3", "", "Verdicts"));
  for (const v of row.verdicts) body.append(make("p", "said", verdictLine(v)));
  if (!row.verdicts.length) body.append(make("p", "said", "none"));
  body.append(make("p", "small", "Finish reason: " + row.finish_reason + ", sample " + row.sample));
}
const chip = (row) => pill(kindOf(row));
const about = (row) => [row.categories.join(", "), row.model];
// Filters the list, and goes to it.
function listOnly(wanted) {
  for (const name of ["language", "category", "kind", "text"])
    document.getElementById("filter-" + name).value = wanted[name] || "";
  page = 0;
  document.getElementById("answers-fold").open = true;
  document.getElementById("answers").scrollIntoView();
  document.getElementById("filter-language").focus({ preventScroll: true });
  list();
}
const FIRST = 5;
async function showCell(place, cell, words) {
  const shown = [make("p", "", words)];
  place.replaceChildren(...shown);
  if (!data.within && !data.beside) return;
  const wanted = { language: cell.language, category: cell.category, kind: cell.unsafe ? "unsafe" : "" };
  try {
    const found = matchesIn(await opened(), wanted), entries = make("ul", "answers");
    entries.append(...(await Promise.all(found.slice(0, FIRST).map(rowAt))).map(entry));
    const what = (found.length === 1 ? "the " : "all ") + found.length + (cell.unsafe ? " " + badWord() + " " : " ") + NOUN[found.length === 1 ? 0 : 1];
    const button = make("button", "btn", found.length ? "Read " + what + " in the list" : "The list");
    button.type = "button";
    button.addEventListener("click", () => listOnly(wanted));
    if (place.firstChild === shown[0])
      place.append(...(found.length ? [entries, button] : [make("p", "soft", "None of its answers is in this page.")]));
  } catch (fault) {
    place.append(make("p", "soft", fault.message));
  }
}
document.addEventListener("change", (event) => {
  if (!event.target.dataset.choose || !source) return;
  for (const place of all(".cell-answers")) place.replaceChildren(make("p", "soft", "Choose a number: its interval and its answers come here."));
  for (const cell of all("table.heat button")) cell.setAttribute("aria-pressed", "false");
  page = 0;
  if (document.getElementById("answers-fold")?.open) list();
});
showPanels();
