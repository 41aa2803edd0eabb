"use strict";
// Layer k~ before its bias: the windows of the two pixels, stacked, and the unit that the bias takes from their union.

// The map of each pixel alone, before the bias.  They add up, as no ReLU below cuts nonnegative maps.
function windows(network, length, sites) {
  const depth = network.layers.length;
  return sites.map((site) => {
    const [row] = preactivation(network, imageAt(length, [site]), depth);
    return row.map((z) => z - network.layers[depth - 1].bias[0]);
  });
}

function overlapWords(network, scene, [one, two]) {
  const overlap = one.filter((a, p) => a && two[p]).length;
  const union = one.filter((a, p) => a || two[p]).length;
  const all = sum(one) + sum(two);
  const pooled = all - union;
  const result = network.constant ? `${pooled} − ${-network.constant} = ${pooled + network.constant}` : pooled;
  return `Overlap: ${counted(overlap, "site")}. Pooled: ${all} − ${union} = ${pooled}; fₚ = ${result}.`;
}

function interferenceDrawing(network, scene, width) {
  const [x, height, top] = [30, 120, 22];
  const [one, two] = windows(network, scene.length, scene.shownSites);
  const stacked = one.map((a, p) => a + two[p]);
  const place = { x, y: top, width: width - x - 8, height, low: 0, high: Math.max(...stacked) };
  const cell = siteWidth(place, scene.length);
  const overlaps = stacked.map((_, p) =>
    one[p] && two[p] ? rectangle(x + p * cell, top - 14, cell, height + 14) : "",
  );
  const threshold = levelOf(place, 1);
  const parts = [
    shape("path", { class: "overlap", d: overlaps.join("") }),
    barPath(
      place,
      one.map((a) => [0, a]),
      `one ${network.name}`,
    ),
    barPath(
      place,
      one.map((a, p) => [a, stacked[p]]),
      `two ${network.name}`,
    ),
    barPath(
      place,
      stacked.map((z) => [0, Math.min(z, 1)]),
      "cut",
    ),
    line(x, threshold, x + place.width, threshold, "threshold"),
    words(x - 5, threshold + 3, "1", { class: "tick end" }),
    words(x - 5, top + 4, place.high, { class: "tick end" }),
    line(x, top + height, x + place.width, top + height, "base"),
    barNumbers(place, stacked, stacked),
    ...siteTicks(place, scene.length, top + height + 14),
  ];
  const said = overlapWords(network, scene, [one, two]);
  const title = `${network.name}, layer ${network.layers.length} before the bias. ${said}`;
  return drawing(width, top + height + 20, title, ...parts);
}

function interferenceFigure(network, scene, width) {
  const text = overlapWords(network, scene, windows(network, scene.length, scene.shownSites));
  return element(
    "figure",
    {},
    element("figcaption", {}, element("b", { class: network.name }, network.name), ` — ${scene.shownName}`),
    interferenceDrawing(network, scene, width),
    element("p", { class: "overlap-words" }, text),
  );
}
