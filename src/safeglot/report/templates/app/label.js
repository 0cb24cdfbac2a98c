"use strict";
// A key sends its label; the next page is put in place once the server has saved it.
(() => {
  const find = (what) => document.querySelector(what);
  let busy = false, covered = false;

  async function send(form, button) {
    if (busy) return; // one label at a time: a second key would be meant for the next text
    busy = true;
    const data = new URLSearchParams(new FormData(form));
    if (button.name) data.set(button.name, button.value);
    const again = button.id ? `#${button.id}` : button.dataset.key ? `[data-key="${button.dataset.key}"]` : "";
    const focused = document.activeElement === button;
    try {
      const reply = await fetch(form.action, { method: "POST", body: data });
      const next = new DOMParser().parseFromString(await reply.text(), "text/html");
      find("main").replaceChildren(...next.querySelector("main").childNodes);
      document.title = next.title;
      history.replaceState(null, "", reply.url);
      ready();
      if (focused && again) find(again)?.focus({ preventScroll: true });
      scrollTo({ top: 0 });
    } catch {
      find("#lost").hidden = false;
    }
    busy = false;
  }

  function cover(now) {
    covered = now;
    document.body.classList.toggle("covered", covered);
    find("#cover")?.setAttribute("aria-pressed", covered);
  }

  function ready() {
    find("#keysb").hidden = false;
    if (find("#go")) find("#go").hidden = true;
    if (find("#cover")) find("#cover").hidden = false;
    cover(covered);
  }

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !event.target.matches("#label, .after")) return;
    event.preventDefault();
    send(event.target, button);
  });
  document.addEventListener("change", (event) => {
    if (event.target.closest("#pickers")) find("#pickers").submit();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#cover")) cover(!covered);
  });
  find("#keysb").addEventListener("click", () => find("#keys").showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || find("#keys").open) return;
    if (event.target.matches("select, textarea, input")) return;
    const button = find(`[data-key="${CSS.escape(event.key)}"]`);
    if (button) button.form.requestSubmit(button);
    else if (event.key === "z" && find("#undo") && !find("#undo").disabled) find("#undo").form.requestSubmit(find("#undo"));
    else if (event.key === "b") cover(!covered);
    else return;
    event.preventDefault();
  });
  ready();
})();
