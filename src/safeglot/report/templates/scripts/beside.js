// The index and the parts of the answers: they stand in the page, or in files beside it.
const PARTS_KEPT = 4;
const parts = new Map(), waiting = new Map();
let index = null;
window.safeglotAnswers = (name, content) => {
  const take = waiting.get(name);
  waiting.delete(name);
  if (take) take(content);
};
function load(name) {
  if (data.within) return Promise.resolve(data.within[name]);
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
  if (data.beside && found.stamp !== data.beside.stamp)
    throw new Error("The folder " + data.beside.folder + " beside this file belongs to another report.");
  return found;
}
async function rowAt(i) {
  const { part: size } = await opened();
  return (await part(Math.floor(i / size)))[i % size];
}
async function searched(rows, text, isOld) {
  const found = [], { part: size } = await opened();
  for (let i = 0; i < rows.length && !isOld(); i++) {
    if (data.beside && (!i || Math.floor(rows[i] / size) !== Math.floor(rows[i - 1] / size)))
      announce("searching: " + Math.floor(100 * i / rows.length) + "%, " + found.length.toLocaleString("en") + " found");
    const row = await rowAt(rows[i]);
    if ((row.id + "\n" + row.prompt + "\n" + row.answer).toLowerCase().includes(text)) found.push(rows[i]);
  }
  return found;
}
