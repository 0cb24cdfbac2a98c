"use strict";
const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
const chosen = { judge: "0", model: "0" };

function showPanels() {
  for (const panel of all(".panel")) {
    panel.hidden = Object.keys(chosen).some(
      (key) => key in panel.dataset && panel.dataset[key] !== chosen[key]);
  }
  for (const select of all("select[data-choose]")) select.value = chosen[select.dataset.choose];
  for (const table of all("table.heat")) rove(table);
  hint();
}
document.documentElement.classList.add("scripted");
document.addEventListener("click", (event) => {
  const button = event.target.closest(".unfold button");
  if (!button) return;
  const open = button.closest("figure").querySelector(".folds").classList.toggle("open");
  button.dataset.all ??= button.textContent;
  button.textContent = open ? "Show fewer" : button.dataset.all;
  button.setAttribute("aria-expanded", String(open));
});
function hint() {
  for (const box of all(".scroll")) {
    box.classList.toggle("more", box.scrollWidth > box.clientWidth + 1);
  }
}
addEventListener("resize", hint);
document.addEventListener("change", (event) => {
  const { choose: key, partOf } = event.target.dataset;
  if (partOf) for (const part of all("[data-part]", event.target.closest("figure"))) {
    part.hidden = part.dataset.part !== event.target.value;
  }
  if (!key) return;
  chosen[key] = event.target.value;
  showPanels();
});
