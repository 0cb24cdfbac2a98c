const DRAWN = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
  "stroke-linejoin", "paint-order", "opacity", "vector-effect", "font-size", "font-weight", "font-style",
  "text-anchor"];
const SVG = "http://www.w3.org/2000/svg", PAD = 16, LINE = 17;
const mended = (text) => text.replace(/[&<>"]/g, (sign) => "&#" + sign.charCodeAt(0) + ";")
  .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd");
const ruler = document.createElement("canvas").getContext("2d");
function drawn(name, sides, text) {
  const given = Object.entries(sides).map(([key, side]) => " " + key + '="'
    + (typeof side === "number" ? +side.toFixed(2) : mended(side)) + '"').join("");
  return "<" + name + given + (text === undefined ? "/>" : ">" + mended(text) + "</" + name + ">");
}
class Picture {
  constructor(figure) {
    this.parts = [];
    this.symbols = new Map();
    const frame = figure.getBoundingClientRect();
    this.left = frame.left - PAD;
    this.top = frame.top - PAD;
    this.width = frame.width + 2 * PAD;
    this.height = frame.height + 2 * PAD;
    this.add(figure);
  }
  at(box) {
    this.width = Math.max(this.width, box.right - this.left + PAD);
    return { x: box.left - this.left, y: box.top - this.top };
  }
  add(node) {
    if (node.matches(".noprint, script") || !node.checkVisibility({ visibilityProperty: true })) return;
    const box = node.getBoundingClientRect(), style = getComputedStyle(node);
    if (style.clipPath === "inset(50%)") return;  // for screen readers alone
    if (node.localName === "svg") return this.addDrawing(node, box);
    if (node.localName === "select") return this.addText(node.selectedOptions[0].text, box, style);
    this.addBox(box, style);
    for (const child of node.childNodes) {
      if (child.nodeType === 1) this.add(child);
      else if (child.nodeType === 3 && child.data.trim()) this.addLines(child, style);
    }
  }
  addBox(box, style) {
    const seen = (colour) => !/^transparent$|[,/] 0\)$/.test(colour);
    const { x, y } = this.at(box), { width, height } = box;
    if (seen(style.backgroundColor)) {
      this.parts.push(drawn("rect", { x, y, width, height, rx: parseFloat(style.borderTopLeftRadius) || 0,
        fill: style.backgroundColor }));
    }
    const ends = { Top: [0, 0, 1, 0], Bottom: [0, 1, 1, 1], Left: [0, 0, 0, 1], Right: [1, 0, 1, 1] };
    for (const [side, [x1, y1, x2, y2]] of Object.entries(ends)) {
      const thick = parseFloat(style["border" + side + "Width"]), stroke = style["border" + side + "Color"];
      if (!thick || !seen(stroke) || style["border" + side + "Style"] === "none") continue;
      this.parts.push(drawn("line", { x1: x + x1 * width, y1: y + y1 * height, x2: x + x2 * width,
        y2: y + y2 * height, stroke, "stroke-width": thick }));
    }
  }
  addLines(node, style) {
    const range = document.createRange(), put = (from, to) => {
      range.setStart(node, from);
      range.setEnd(node, to);
      const box = range.getBoundingClientRect(), text = node.data.slice(from, to).replace(/[ \t\r\n]+/g, " ");
      if (text.trim() && box.width) this.addText(text, box, style);
    };
    let from = 0, bottom = null;
    for (let i = 0; i < node.length; i++) {
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const box = range.getClientRects()[0];
      if (!box || !box.width) continue;
      if (bottom !== null && box.top >= bottom - 1) { put(from, i); from = i; }
      bottom = box.bottom;
    }
    put(from, node.length);
  }
  addText(given, box, style) {
    const text = given.replace(/^ | $/g, ""), ended = given.endsWith(" ");
    ruler.font = style.font;
    const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ruler.measureText(text);
    const middle = (box.top + box.bottom) / 2 - this.top, { x } = this.at(box);
    const ends = /right|end/.test(style.textAlign), centred = style.textAlign === "center";
    const anchor = style.direction === "rtl" ? { direction: "rtl" }
      : ends ? { "text-anchor": "end" } : centred ? { "text-anchor": "middle" } : {};
    const start = style.direction === "rtl" || ends ? box.width : centred ? box.width / 2 : 0;
    const look = { ...anchor, "font-size": style.fontSize, "font-weight": style.fontWeight, fill: style.color };
    const before = this.parts.at(-1), y = middle + (up - down) / 2;
    if (before && before.text && !start && Math.abs(before.end - x) < 0.5
      && Math.abs(before.y - y) < 0.5 && JSON.stringify(before.look) === JSON.stringify(look)) {
      before.text += (before.ended || given.startsWith(" ") ? " " : "") + text;  // it may break there
      Object.assign(before, { end: x + box.width, ended });
    } else this.parts.push({ x: x + start, y, end: x + box.width, ended, look, text });
  }
  addDrawing(node, box) {
    const copy = node.cloneNode(true), nodes = [node, ...node.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((part, i) => {
      const style = getComputedStyle(nodes[i]);
      for (const name of DRAWN) part.setAttribute(name, style.getPropertyValue(name));
      for (const name of ["class", "style"]) part.removeAttribute(name);
      const symbol = part.localName === "use" && part.getAttribute("href");
      if (symbol) this.symbols.set(symbol, document.getElementById(symbol.slice(1)).outerHTML);
    });
    const sides = { ...this.at(box), width: box.width, height: box.height };
    for (const [name, side] of Object.entries(sides)) copy.setAttribute(name, side.toFixed(2));
    copy.setAttribute("overflow", "visible");
    this.parts.push(new XMLSerializer().serializeToString(copy));
  }
  text(title, source) {
    const font = getComputedStyle(document.body).fontFamily, lines = [];
    ruler.font = "12px " + font;
    for (const word of source.split(" ")) {
      const line = lines.length ? lines.at(-1) + " " + word : word;
      if (lines.length && ruler.measureText(line).width <= this.width - 2 * PAD) lines[lines.length - 1] = line;
      else lines.push(word);
    }
    const width = Math.ceil(this.width), height = Math.ceil(this.height) + LINE * lines.length;
    const said = lines.map((line, i) => drawn("text", { x: PAD, y: this.height + LINE * i, "font-size": "12px",
      fill: "#4d5a67" }, line));
    return { width, height, text: "<svg" + ` xmlns="${SVG}" width="${width}" height="${height}"`
      + ` viewBox="0 0 ${width} ${height}" font-family="${mended(font)}">` + drawn("title", {}, title)
      + "<defs>" + [...this.symbols.values()].join("") + "</defs>"
      + drawn("rect", { width: "100%", height: "100%", fill: "#fff" }) 
      + this.parts.map((part) => part.text === undefined ? part : drawn("text", { x: part.x, y: part.y, ...part.look },
        part.text)).join("") + said.join("")
      + "</svg>\n" };
  }
}
function inLight(draw) {
  const root = document.documentElement, before = root.dataset.theme;
  root.dataset.theme = "light";
  root.dataset.drawn = "";  // what is for readers at a screen leaves no blank
  try { return draw(); } finally {
    delete root.dataset.drawn;
    if (before) root.dataset.theme = before; else delete root.dataset.theme;
  }
}
function pictureOf(figure, source) {
  const moved = [figure, ...figure.querySelectorAll("*")].filter((node) => node.scrollLeft)
    .map((node) => [node, node.scrollLeft]);
  for (const [node] of moved) node.scrollLeft = 0;
  const title = figure.querySelector("h2, h3, caption");
  const found = inLight(() => new Picture(figure).text(title ? title.textContent.trim() : "", source));
  for (const [node, left] of moved) node.scrollLeft = left;
  return found;
}
const savedIn = (menu) => JSON.parse(menu.querySelector("script").textContent);
function csvOf({ columns, rows, about }) {
  const cell = (value) => value === null ? "" : /[",\r\n]/.test(value) ? '"' + value.replace(/"/g, '""') + '"' : value;
  return [[...columns, ...Object.keys(about)], ...rows.map((row) => [...row, ...Object.values(about)])]
    .map((row) => row.map(cell).join(",") + "\n").join("");
}
function handOut(content, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
async function pixels({ width, height, text }) {
  const image = new Image(), canvas = document.createElement("canvas");
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  await image.decode();
  canvas.width = 2 * width;
  canvas.height = 2 * height;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
const closeSaves = (but) => { for (const menu of all("details.save[open]")) if (menu !== but) menu.open = false; };
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest && event.target.closest("details.save[open]");
  closeSaves(null);
  if (menu) menu.querySelector("summary").focus();
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-save]"), menu = event.target.closest("details.save");
  closeSaves(button ? null : menu);
  if (!button) return;
  const saved = savedIn(menu), kind = button.dataset.save, file = "safeglot-" + saved.name + "." + kind;
  if (kind === "csv") return handOut(csvOf(saved), "text/csv;charset=utf-8", file);
  const picture = pictureOf(menu.closest("figure"), saved.source);
  if (kind === "svg") return handOut(picture.text, "image/svg+xml", file);
  handOut(await pixels(picture), "image/png", file);
});
