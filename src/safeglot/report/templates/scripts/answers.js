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
    (!text || (row.id + "\n" + row.prompt + "\n" + row.answer).toLowerCase().includes(text)));
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
showPanels();
