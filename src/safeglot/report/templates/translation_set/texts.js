const NOUN = ["text", "texts"];
const LOOKS = { kept: "b-safe", gated: "b-unsafe", failed: "b-high2" };
const failed = (row, check) => row.candidates.some((c) =>
  check === "no text" ? c.broken : check in (c.faults || {}));
function matching() {
  const text = value("text").trim().toLowerCase(), check = value("check");
  const translator = value("translator");
  const told = (row) => [row.id, row.source, ...row.candidates.map((c) => c.text)].join("\n");
  return data.rows.filter((row) =>
    (!value("language") || row.language === value("language")) &&
    (!value("outcome") || row.outcome === value("outcome")) &&
    (!value("kind") || row.kind === value("kind")) &&
    (!check || failed(row, check)) &&
    (!translator || row.translator === translator) &&
    (!text || told(row).toLowerCase().includes(text)));
}
const rowOf = (row) => row;
const chip = (row) => make("span", "chip " + LOOKS[row.outcome], row.outcome);
const about = (row) => [row.categories.join(", "), row.translator];
function estimates(c) {
  const parts = Object.entries(c.quality || {}).map(([name, v]) => name + " " + (+v.toPrecision(3)));
  for (const [name, why] of Object.entries(c.untold || {})) parts.push(name + ": none, " + why);
  if (c.rank !== undefined) parts.push("mean rank " + c.rank.toFixed(2));
  return parts.join(" \u00b7 ");
}
function candidate(c, row) {
  const taken = c.translator === row.translator;
  const box = make("div", taken ? "candidate taken" : "candidate");
  const name = c.translator + (taken ? (row.outcome === "kept" ? ": chosen" : ": best, but gated") : "");
  if (c.broken) box.append(make("h3", "", name), make("p", "fault", "No text: " + c.broken));
  else { said(box, name, c.text, row.language); box.lastChild.dir = data.directions[row.language]; }
  for (const [check, found] of Object.entries(c.faults || {}))
    box.append(make("p", "fault small", "Did not pass: " + check + " (" + found + ")"));
  const told = estimates(c);
  if (told) box.append(make("p", "small", told));
  return box;
}
function fill(body, row) {
  said(body, "Source (" + data.reference.name + ")", row.source, data.reference.tag);
  body.lastChild.dir = data.reference.direction;
  body.append(make("h3", "", "Candidates"));
  for (const c of row.candidates) body.append(candidate(c, row));
  if (!row.candidates.length) body.append(make("p", "said", "none"));
  const ranked = row.candidates.some((c) => c.rank !== undefined);
  const why = row.reason || (ranked ? "the best rank" : "the first translator")
    + " among those that passed the checks and the gate";
  body.append(make("h3", "", "Outcome"), make("p", "said", row.outcome + ": " + why));
}
hint();
