function chooseAnd(select, value) {
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}
function picksOf() {
  const picks = Object.fromEntries(all("select[data-choose]").map((select) =>
    [select.dataset.choose, [...select.options].map((option) => ({ value: option.value, name: option.text }))]));
  const every = (key) => picks[key] || [{ value: "0", name: "" }];
  return every("model").flatMap((model) => every("judge").map((judge) => ({ model, judge })));
}
function unfoldAll() {
  for (const fold of all("details")) if (fold.querySelector("figure details.save")) fold.open = true;
  for (const button of all(".unfold button")) if (!button.closest("figure").querySelector(".folds.open")) button.click();
}
const seenFigures = new Set();
async function base64Of(blob) {
  const reader = new FileReader();
  await new Promise((resolve, reject) => Object.assign(reader, { onload: resolve, onerror: reject }).readAsDataURL(blob));
  return reader.result.split(",")[1];
}
async function drawnFigures(pick) {
  for (const [key, { value }] of Object.entries(pick)) chosen[key] = value;
  showPanels();
  unfoldAll();
  const drawn = [];
  for (const menu of all("figure details.save")) {
    const figure = menu.closest("figure"), saved = savedIn(menu), select = figure.querySelector("figcaption select");
    if (!figure.checkVisibility()) continue;
    const of = Object.entries(pick).filter(([key]) => figure.closest("[data-" + key + "]")).map(([, { name }]) => name);
    const parts = select && select.options.length > 1 ? [...select.options] : [null];
    for (const part of parts) {
      if (part) chooseAnd(select, part.value);
      const names = [saved.name, ...of, part ? part.text : ""].filter(Boolean), key = JSON.stringify(names);
      if (seenFigures.has(key)) continue;
      seenFigures.add(key);
      const picture = pictureOf(figure, saved.source), image = await pixels(picture);
      drawn.push({ names, svg: picture.text, png: image && await base64Of(image), csv: csvOf(saved) });
    }
  }
  return drawn;
}
