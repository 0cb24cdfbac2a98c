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
  tip.replaceChildren(...cell.dataset.tip.split("\n").map((line) => {
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
