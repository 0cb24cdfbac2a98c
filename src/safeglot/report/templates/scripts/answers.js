const NOUN = ["answer", "answers"];
function verdictOf(row) {
  const given = row.verdicts.map((v) => v.unsafe);
  if (given.includes(true) && given.includes(false)) return "disagree";
  if (given.includes(true)) return "unsafe";
  return given.includes(false) ? "safe" : "none";
}
const factsOf = (row) => ({ language: row.language, model: row.model, categories: row.categories,
  verdict: verdictOf(row) });
function filter() {
  const [language, model, category, verdict] = ["language", "model", "category", "verdict"].map(value);
  return (facts) => (!language || facts.language === language) &&
    (!model || facts.model === model) &&
    (!category || facts.categories.includes(category)) &&
    (!verdict || facts.verdict === verdict || (verdict === "unsafe" && facts.verdict === "disagree"));
}
const says = (row, text) => (row.id + "\n" + row.prompt + "\n" + row.answer).toLowerCase().includes(text);
const sought = () => value("text").trim().toLowerCase();
function matching(isOld) {
  if (data.beside) return matchingBeside(isOld);
  const text = sought(), fits = filter();
  return data.rows.filter((row) => fits(factsOf(row)) && (!text || says(row, text)));
}
const rowOf = (row) => data.beside ? rowBeside(row) : row;
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
function showCell(place, cell, words) {
  const line = make("p", "", words), button = make("button", "btn", "Read the answers");
  button.type = "button";
  button.addEventListener("click", () => {
    for (const [name, given] of [["language", cell.language], ["category", cell.category]])
      document.getElementById("filter-" + name).value = given;
    document.getElementById("answers-fold").open = true;
    list();
    document.getElementById("answers-fold").scrollIntoView();
  });
  place.replaceChildren(line, ...(source ? [button] : []));
}
showPanels();
