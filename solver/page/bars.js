"use strict";
// One map as bars: what x and tau x share, what only one of them has, and the noisy map as a line of steps.

// `place` is {x, y, width, height, low, high}: where the bars stand, and the numbers at its lower and upper edge.
function levelOf(place, value) {
  return place.y + (place.height * (place.high - value)) / (place.high - place.low);
}

const siteWidth = (place, sites) => place.width / sites;

function bar(place, sites, p, from, to) {
  const width = siteWidth(place, sites);
  const gap = Math.min(width * 0.16, 2);
  const [top, bottom] = [levelOf(place, Math.max(from, to)), levelOf(place, Math.min(from, to))];
  return top === bottom ? "" : rectangle(place.x + p * width + gap / 2, top, width - gap, bottom - top);
}

const barPath = (place, rows, name) =>
  shape("path", { class: name, d: rows.map(([from, to], p) => bar(place, rows.length, p, from, to)).join("") });

function stepLine(place, row) {
  const width = siteWidth(place, row.length);
  const steps = row.map(
    (value, p) => `${p ? "L" : "M"}${at(place.x + p * width)} ${at(levelOf(place, value))}h${at(width)}`,
  );
  return shape("path", { class: "noisy", d: steps.join("") });
}

function strip(place, still, moved, noisy, color) {
  const base = levelOf(place, 0);
  const parts = [
    barPath(
      place,
      still.map((a, p) => [0, Math.min(a, moved[p])]),
      `same ${color}`,
    ),
    barPath(
      place,
      still.map((a, p) => [Math.min(a, moved[p]), a]),
      "lost",
    ),
    barPath(
      place,
      still.map((a, p) => [Math.min(a, moved[p]), moved[p]]),
      "gained",
    ),
    line(place.x, base, place.x + place.width, base, "base"),
  ];
  if (noisy) parts.push(stepLine(place, noisy));
  return shape("g", {}, ...parts);
}

// Integers above the bars, where they fit; one that both images share stands once.
function barNumbers(place, still, moved) {
  const width = siteWidth(place, still.length);
  const longest = String(Math.max(...still, ...moved)).length;
  if (width < 6 * longest + 0.5) return shape("g", {});
  const texts = still.map((a, p) => {
    const value = Math.max(a, moved[p]);
    if (value === 0) return "";
    const name = a === moved[p] ? "number" : a > moved[p] ? "number lost-text" : "number gained-text";
    return words(place.x + (p + 0.5) * width, levelOf(place, value) - 3, shown(value), { class: name });
  });
  return shape("g", { "aria-hidden": "true" }, ...texts.filter(Boolean));
}

// Site numbers under a strip, as many as fit.
function siteTicks(place, sites, y) {
  const step = [1, 2, 4, 8, 16, 32].find((each) => each * siteWidth(place, sites) >= 26) ?? 64;
  const ticks = Array.from({ length: Math.ceil(sites / step) }, (_, n) => n * step);
  return ticks.map((p) => words(place.x + (p + 0.5) * siteWidth(place, sites), y, p, { class: "tick" }));
}
