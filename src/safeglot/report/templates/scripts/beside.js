const PARTS_KEPT = 40;
const parts = new Map(), waiting = new Map();
let index = null;
window.safeglotAnswers = (name, content) => {
  const take = waiting.get(name);
  waiting.delete(name);
  if (take) take(content);
};
function load(name) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    const end = (why) => { waiting.delete(name); script.remove(); reject(new Error(why)); };
    waiting.set(name, (content) => { script.remove(); resolve(content); });
    script.addEventListener("error", () => end("The answers are not here: they are in the folder "
      + data.beside.folder + ", which has to lie beside this file."));
    script.addEventListener("load", () => waiting.has(name) && end("The answers cannot be read: "
      + data.beside.folder + "/" + name + ".js is damaged."));
    script.src = encodeURIComponent(data.beside.folder) + "/" + name + ".js";
    document.head.append(script);
  });
}
function part(number) {
  const found = parts.get(number) || load(String(number));
  parts.delete(number);
  parts.set(number, found);  // the last in use comes last
  found.catch(() => parts.delete(number));
  if (parts.size > PARTS_KEPT) parts.delete(parts.keys().next().value);
  return found;
}
async function opened() {
  const found = await (index = index || load("index").catch((fault) => { index = null; throw fault; }));
  if (found.stamp !== data.beside.stamp)
    throw new Error("The folder " + data.beside.folder + " beside this file belongs to another report.");
  return found;
}
async function rowBeside(i) {
  const { part: size } = await opened();
  return (await part(Math.floor(i / size)))[i % size];
}
async function matchingBeside(isOld) {
  const { at, values, part: size } = await opened(), found = [], text = sought(), fits = filter();
  const named = (name, i) => values[name][at[name][i]];
  for (let i = 0; i < at.model.length; i++)
    if (fits({ language: named("language", i), model: named("model", i),
      categories: named("categories", i), verdict: named("verdict", i) })) found.push(i);
  return text ? searched(found, size, text, isOld) : found;
}
async function searched(rows, size, text, isOld) {
  const found = [];
  for (let i = 0; i < rows.length && !isOld(); i++) {
    const number = Math.floor(rows[i] / size);
    if (!i || number !== Math.floor(rows[i - 1] / size))
      announce("searching: " + Math.floor(100 * i / rows.length) + "%, " + found.length.toLocaleString("en") + " found");
    if (says(await rowBeside(rows[i]), text)) found.push(rows[i]);
  }
  return found;
}
