const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
function signed(rate) {
  const text = Math.abs(100 * rate).toFixed(1);
  return (text === "0.0" ? "" : rate < 0 ? "\u2212" : "+") + text;
}
function rove(table) {
  const cells = all("button", table);
  if (cells.length && !cells.some((cell) => cell.tabIndex === 0)) cells[0].tabIndex = 0;
}
function cellOf(button) {
  const { columns, rows } = savedIn(button.closest("figure").querySelector("details.save"));
  const row = rows[button.dataset.row];
  return Object.fromEntries(columns.map((name, i) => [name, row[i]]));  // as a spreadsheet has it
}
function cellWords(cell, header) {
  const within = (low, high, sign) => low === null ? "" : " [" + sign(low) + " to " + sign(high) + "]";
  const percent = (rate) => (100 * rate).toFixed(1);
  const p = cell.p_holm < 0.001 ? "p < 0.001" : "p = " + (cell.p_holm || 0).toFixed(3);
  const said = [header + ": " + cell.unsafe + " of " + cell.n + " " + badWord() + ", " + percent(cell.unsafe_rate) + "%"
    + within(cell.low, cell.high, percent) + "."];
  if (cell.missing) said.push(cell.missing + " without a verdict.");
  if (cell.unsafe_gap !== null) {
    said.push("Against " + data.names[data.reference] + ": " + signed(cell.unsafe_gap) + " points"
      + within(cell.gap_low, cell.gap_high, signed) + ", "
      + (cell.reading === "not told apart" ? cell.reading : "beyond chance") + " (" + p + ", Holm).");
  } else if (cell.reading) said.push("Against " + data.names[data.reference] + ": " + cell.reading + ", too much is missing or unusable.");
  return said.join(" ");
}
function choose(button) {
  const table = button.closest("table"), cell = cellOf(button);
  for (const other of all("button", table)) {
    other.tabIndex = other === button ? 0 : -1;
    other.setAttribute("aria-pressed", String(other === button));
  }
  const header = (data.names[cell.language] || cell.language) + ", " + cell.category;
  showCell(button.closest(".panel").querySelector(".cell-answers"), cell, cellWords(cell, header));
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("table.heat button");
  if (button) choose(button);
});
document.addEventListener("keydown", (event) => {
  const button = event.target.closest("table.heat button"), move = MOVES[event.key];
  if (!button || !move) return;
  event.preventDefault();
  const rows = all("tr", button.closest("table")).map((row) => [...row.cells].map((cell) => cell.querySelector("button")))
    .filter((row) => row.some(Boolean));
  const row = rows.findIndex((cells) => cells.includes(button)), column = rows[row].indexOf(button);
  let next = null;
  for (let far = 1; !next && far <= Math.max(rows.length, rows[row].length); far++)
    next = (rows[row + far * move[0]] || [])[column + far * move[1]];
  if (!next) return;
  for (const other of all("button", button.closest("table"))) other.tabIndex = other === next ? 0 : -1;
  next.focus();
});
