"use strict";
// The ring as a circle, and one network as rows of strips from the image down to f_p.

const SINGLE = 52;
const SEVERAL = 19;
const HEAD = 20;

function ringDrawing(scene, width) {
  const [size, radius] = [width, width / 2 - 30];
  const place = (p, r = radius) => {
    const angle = (2 * Math.PI * p) / scene.length - Math.PI / 2;
    return [size / 2 + r * Math.cos(angle), size / 2 + r * Math.sin(angle)];
  };
  const dot = (p, r, name) => shape("circle", { cx: at(place(p)[0]), cy: at(place(p)[1]), r, class: name });
  const sites = scene.still[0][0].map((_, p) => dot(p, 2, "site"));
  const label = (p, text, name) => words(place(p, radius + 19)[0], place(p, radius + 19)[1] + 4, text, { class: name });
  const pixels = scene.sites.flatMap((p, n) => [
    dot(p, 7, "pixel"),
    words(place(p)[0], place(p)[1] + 3.5, n + 1, { class: "pixel-name" }),
  ]);
  const arrived = (scene.state.deform ? scene.movedSites : []).map((p) => dot(p, 11, "arrived"));
  const [d, moved] = [scene.state.d, scene.movedDistance];
  const middle = [
    words(size / 2, size / 2 - 4, `d = ${d}`, { class: "big" }),
    words(size / 2, size / 2 + 18, d === moved ? `ξ = ${scene.state.xi}` : `after τ: ${moved}`, { class: "tick" }),
  ];
  const zero = [label(0, "0", "tick")];
  const title = `The ring of ${scene.length} sites with pixels at ${scene.sites.join(" and ")}`;
  return drawing(size, size, title, ...sites, ...arrived, ...pixels, ...middle, ...zero);
}

// Taps of a filter in words, as far as that is short: the tables hold every one.
function filterWords(layer) {
  const taps = layer.filters.flat(2);
  const units = taps.filter((w) => w !== 0);
  if (units.some((w) => w !== 1)) return `${counted(units.length, "weight")}`;
  if (units.length === taps.length) return `filter ${layer.filters[0][0].join(" ")}`;
  return units.length === layer.filters.length ? "one tap of 1 each" : `${counted(units.length, "tap")} of 1`;
}

function layerHead(network, k) {
  if (k === 0) return "the image x";
  const layer = network.layers[k - 1];
  const bias = layer.bias.some((b) => b !== 0) ? `bias ${shown(layer.bias[0])}` : "no bias";
  const parts = [counted(layer.names.length, "channel"), filterWords(layer), bias, `sees ${layer.receptive_field}`];
  return parts.join(" · ");
}

const highest = (...maps) => Math.max(1, ...maps.flat(2));
const lowest = (...maps) => Math.min(0, ...maps.flat(2));

function valueWords(still, moved) {
  return still === moved ? shown(still) : `${shown(still)}→${shown(moved)}`;
}

// The strips of one layer, from y down; returns the shapes and where they end.
function layerRows(network, scene, k, y, x, width) {
  const [still, moved, noisy] = [scene.still[k], scene.moved[k], scene.noisy?.[k]];
  const each = still.length === 1 ? SINGLE : SEVERAL;
  const [high, low] = [highest(still, moved, noisy ?? [[0]]), lowest(noisy ?? [[0]])];
  const shapes = [words(0, y + 13, mapName(network, k), { class: `layer-name ${network.name}-text` })];
  shapes.push(words(26, y + 13, layerHead(network, k), { class: "layer-head" }));
  still.forEach((row, c) => {
    const top = y + HEAD + c * each;
    const place = {
      x,
      y: top + (still.length === 1 ? 12 : 3),
      width,
      height: each - (still.length === 1 ? 12 : 3),
      low,
      high,
    };
    shapes.push(strip(place, row, moved[c], noisy?.[c], network.name));
    if (still.length === 1) shapes.push(barNumbers(place, row, moved[c]));
    else shapes.push(words(x - 6, top + each - 4, channelName(network, k, c), { class: "channel" }));
    shapes.push(
      words(x + width + 5, top + each - 3, valueWords(row[scene.state.p], moved[c][scene.state.p]), { class: "value" }),
    );
  });
  return [shapes, y + HEAD + still.length * each + 8];
}

function outputWords(network, scene) {
  const pooled = scene.output - network.constant;
  const constant = network.constant ? ` = ${shown(pooled)} − ${-network.constant}` : "";
  const moved = scene.state.deform ? `,  of τx: ${shown(scene.movedOutput)}` : "";
  const noisy = scene.noisy ? `,  with noise: ${rounded(scene.noisyOutput)}` : "";
  return `fₚ = sum of a${subscript(network.layers.length)}${constant} = ${shown(scene.output)}${moved}${noisy}`;
}

// One network, `width` pixels wide; the drawing carries where its sites and layers lie, for the pointer.
function networkDrawing(network, scene, width) {
  const [x, right] = [62, 44];
  const strips = width - x - right;
  const rows = [];
  let y = 4;
  const places = [];
  for (let k = 0; k <= network.layers.length; k++) {
    const [shapes, end] = layerRows(network, scene, k, y, x, strips);
    if (k === scene.state.k) rows.push(shape("rect", { x: 0, y: y - 2, width, height: end - y, class: "chosen" }));
    places.push([y, end]);
    rows.push(...shapes);
    y = end;
  }
  rows.push(...siteTicks({ x, width: strips }, scene.length, y + 6));
  const cursor = {
    x: at(x + (scene.state.p * strips) / scene.length),
    y: 0,
    width: at(strips / scene.length),
    height: y - 4,
  };
  rows.push(shape("rect", { ...cursor, class: "cursor" }));
  const title = `${network.name}: activations of every layer; the tables below hold the numbers`;
  return Object.assign(drawing(width, y + 12, title, ...rows), { places, strips: { x, width: strips } });
}
