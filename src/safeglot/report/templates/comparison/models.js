function highlight(select) {
  const figure = select.closest("figure"), model = select.value;
  for (const mark of all("circle[data-m]", figure)) {
    const on = mark.dataset.m === model;
    mark.classList.toggle("hi", on);
    mark.setAttribute("r", on ? 5.5 : 4);
    if (on) mark.parentNode.append(mark);
  }
  for (const cell of all("[data-rates]", figure)) cell.textContent = cell.dataset.rates.split(",")[model];
}
for (const select of all("[data-highlight]")) {
  select.addEventListener("change", () => highlight(select));
  highlight(select);
}
