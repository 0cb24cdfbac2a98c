"use strict";
// Pages come whole from the server; a click or a key puts the parts of the next one in their place.
(() => {
  const base = document.body.dataset.base;
  const find = (what) => document.querySelector(what);
  const narrow = matchMedia("(max-width: 44rem)");
  const PARTS = [".filters form", ".list", "#detail"];
  let turn = 0;

  async function show(url, keep) {
    const own = ++turn;
    let text;
    try {
      const reply = await fetch(url, { headers: { Accept: "text/html" } });
      text = await reply.text();
    } catch {
      location.assign(url); // the browser says that the server is gone
      return;
    }
    if (own !== turn) return;
    const next = new DOMParser().parseFromString(text, "text/html");
    if (!next.querySelector("#panes")) {
      location.assign(url);
      return;
    }
    const focus = document.activeElement;
    const where = focus?.closest("#rows") ? "#rows [aria-current]" : focus?.id ? `#${CSS.escape(focus.id)}` : focus?.name
      ? `[name="${CSS.escape(focus.name)}"][value="${CSS.escape(focus.value)}"]` : "";
    const typed = focus?.id === "q" ? [focus.value, focus.selectionStart] : null;
    for (const part of PARTS) {
      const from = next.querySelector(part), to = find(part);
      if (from.innerHTML !== to.innerHTML) to.replaceChildren(...from.childNodes);
    }
    document.title = next.title;
    if (!keep) history.pushState(null, "", url);
    ready();
    const again = where && find(where);
    if (again && again !== document.activeElement) again.focus({ preventScroll: true });
    if (typed && again) {
      again.value = typed[0];
      again.setSelectionRange(typed[1], typed[1]);
    }
    find("#rows [aria-current]")?.scrollIntoView({ block: "nearest" });
    if (!narrow.matches) scrollTo({ top: Math.min(scrollY, find("#panes").offsetTop) });
  }

  function chosen() {
    const data = new FormData(find("#filters"));
    const pairs = [...data].filter(([, value]) => value !== "");
    return `${base}read?${new URLSearchParams(pairs)}`;
  }

  function ready() {
    find("#apply").hidden = true;
    find("#keysb").hidden = false;
  }

  let wait = 0;
  document.addEventListener("input", (event) => {
    if (!event.target.closest("#filters")) return;
    clearTimeout(wait);
    wait = setTimeout(() => show(chosen()), event.target.id === "q" ? 250 : 0);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "filters") return;
    event.preventDefault();
    show(chosen());
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#panes a, #fresh a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.href);
  });
  addEventListener("popstate", () => show(location.href, true));
  find("#keysb").addEventListener("click", () => find("#keys").showModal());

  const fold = (what) => {
    const part = find(what);
    if (part) part.open = !part.open;
  };
  const across = (step) => {
    const rows = [...document.querySelectorAll(".ln")];
    const now = rows.findIndex((row) => row.classList.contains("now"));
    if (rows.length) rows[(now + step + rows.length) % rows.length].querySelector("a").click();
  };
  const KEYS = {
    j: () => (find("#after") ?? find("#later"))?.click(),
    k: () => (find("#before") ?? find("#earlier"))?.click(),
    h: () => across(-1),
    l: () => across(1),
    o: () => fold("#answer .fold"),
    t: () => fold("#thought"),
    f: () => find('[name="show"][value="flips"]')?.click(),
    "/": () => find("#q").focus(),
    "?": () => find("#keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || find("#keys").open) return;
    if (event.target.matches("input[type=search], select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (KEYS[event.key]) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });

  async function watch() {
    let soon = 10000;
    try {
      const now = await (await fetch(`${base}progress`)).json();
      find("#live").hidden = !now.going;
      const bar = find("#live progress");
      bar.max = now.planned;
      bar.value = now.answers;
      find("#live-n").textContent = `${now.answers.toLocaleString("en")} of ${now.planned.toLocaleString("en")}`;
      find("#live-more").textContent = `${now.left ? `${now.left} left · ` : ""}${now.failed.toLocaleString("en")} failed`;
      find("#fresh").hidden = !now.new;
      find("#fresh-a").textContent = `${now.new.toLocaleString("en")} new answers: show`;
      if (now.going) soon = 2000;
    } catch {
      return; // the server is gone
    }
    setTimeout(watch, soon);
  }

  if (narrow.matches) find(".filters").open = false;
  ready();
  setTimeout(watch, 1000);
})();
