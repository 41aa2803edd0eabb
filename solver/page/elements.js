"use strict";
// Making elements, and the few words and shapes that several figures share.

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const element = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);
const shape = (name, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

// A drawing as wide as its place, with a title and a description for those who cannot see it.
function drawing(width, height, title, ...children) {
  const attributes = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title };
  return shape("svg", attributes, ...children);
}

const at = (number) => Math.round(number * 100) / 100;
const rectangle = (x, y, width, height) => `M${at(x)} ${at(y)}h${at(width)}v${at(height)}h${at(-width)}z`;
const line = (x1, y1, x2, y2, name) => shape("line", { x1: at(x1), y1: at(y1), x2: at(x2), y2: at(y2), class: name });
const words = (x, y, text, attributes = {}) => shape("text", { x: at(x), y: at(y), ...attributes }, text);

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const subscript = (number) => [...String(number)].map((digit) => SUBSCRIPTS[digit]).join("");
const signed = (number) => (number > 0 ? `+${number}` : number < 0 ? `−${-number}` : "0");
const shown = (number) => (number < 0 ? `−${-number}` : String(number));
const rounded = (number) => shown(Number(number.toPrecision(4)));
const counted = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

const mapName = (network, k) => (k > network.layers.length ? "fₚ" : `a${subscript(k)}`);
const layerWords = (network, k) => {
  const depth = network.layers.length;
  return k === 0 ? "0, the image" : k > depth ? "the output fₚ" : k === depth ? `${k} = k̃` : String(k);
};
const channelName = (network, k, c) =>
  k === 0 ? "x" : k > network.layers.length ? "fₚ" : network.layers[k - 1].names[c];

// A table from its heads and rows; the first cell of each row is its head.
function table(caption, heads, rows) {
  const head = element("tr", {}, ...heads.map((cell) => element("th", { scope: "col" }, cell)));
  const body = rows.map(([first, ...cells]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...cells.map((cell) => element("td", {}, cell))),
  );
  return element(
    "table",
    {},
    element("caption", {}, caption),
    element("thead", {}, head),
    element("tbody", {}, ...body),
  );
}
