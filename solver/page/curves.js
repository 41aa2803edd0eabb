"use strict";
// Curves: lines with marked points, on a linear or a logarithmic axis.

const FRAME = { left: 46, right: 12, top: 26, bottom: 34 };
const DECADES = { "-2": "0.01", "-1": "0.1", 0: "1", 1: "10", 2: "100" };
const POWERS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const decade = (n) => DECADES[n] ?? `10${[...String(n)].map((c) => POWERS[c]).join("")}`;

function logarithmicAxis(values) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  const step = Math.ceil((high - low) / 5);
  const ticks = [];
  for (let n = low; n <= high; n += step) ticks.push([(n - low) / (high - low), decade(n)]);
  return { share: (value) => (Math.log10(value) - low) / (high - low), ticks };
}

function linearAxis(values) {
  const top = Math.max(...values, 1e-9);
  const power = 10 ** Math.floor(Math.log10(top));
  const step = [0.2, 0.5, 1, 2].map((each) => each * power).find((each) => top / each <= 5) ?? power;
  const high = step * Math.ceil(top / step - 1e-9);
  const ticks = [];
  for (let n = 0; n * step <= high + 1e-9; n++) ticks.push([(n * step) / high, rounded(n * step)]);
  return { share: (value) => value / high, ticks };
}

const mark = (x, y, name) =>
  name === "shift"
    ? shape("path", { class: `mark ${name}`, d: rectangle(x - 3.5, y - 3.5, 7, 7) })
    : shape("circle", { class: `mark ${name}`, cx: at(x), cy: at(y), r: 5 });

// `series` is [{name, values}], `labels` the names of the points along x, `chosen` the one to be marked.
function chart({ width, height, title, series, labels, chosen, xName, logarithmic, levels = [] }) {
  const known = series.flatMap((each) => each.values.filter((v) => v !== null));
  const axis = (logarithmic ? logarithmicAxis : linearAxis)(known);
  const [w, h] = [width - FRAME.left - FRAME.right, height - FRAME.top - FRAME.bottom];
  const x = (n) => FRAME.left + (w * (n + 0.5)) / labels.length;
  const y = (value) => FRAME.top + h * (1 - axis.share(value));
  const parts = [words(FRAME.left, 14, title, { class: "chart-title" })];
  for (const [share, text] of axis.ticks) {
    parts.push(line(FRAME.left, FRAME.top + h * (1 - share), FRAME.left + w, FRAME.top + h * (1 - share), "grid"));
    parts.push(words(FRAME.left - 6, FRAME.top + h * (1 - share) + 4, text, { class: "tick end" }));
  }
  const step = Math.ceil((labels.length * 22) / w);
  labels.forEach((text, n) => n % step === 0 && parts.push(words(x(n), height - 20, text, { class: "tick" })));
  parts.push(words(FRAME.left + w / 2, height - 4, xName, { class: "tick" }));
  parts.push(shape("rect", { class: "chosen", x: at(x(chosen) - 9), y: FRAME.top, width: 18, height: h }));
  for (const { name, value } of levels)
    parts.push(line(FRAME.left, y(value), FRAME.left + w, y(value), `level ${name}`));
  for (const { name, values } of series) {
    const points = values.map((v, n) => (v === null ? null : [x(n), y(v)])).filter(Boolean);
    parts.push(
      shape("path", {
        class: `curve ${name}`,
        d: points.map(([a, b], n) => `${n ? "L" : "M"}${at(a)} ${at(b)}`).join(""),
      }),
    );
    if (labels.length <= 34) parts.push(...points.map(([a, b]) => mark(a, b, name)));
    if (values[chosen] !== null)
      parts.push(shape("circle", { class: "ringed", cx: at(x(chosen)), cy: at(y(values[chosen])), r: 8 }));
  }
  const spoken = series.map(
    (each) => `${each.name} ${each.values[chosen] === null ? "-" : rounded(each.values[chosen])}`,
  );
  return drawing(width, height, `${title} at ${xName} ${labels[chosen]}: ${spoken.join(", ")}`, ...parts);
}

// The layer of another network that answers to layer k of this one: its own k~ and f_p for k~ and f_p.
function sameLayer(network, k, other) {
  const depth = network.layers.length;
  if (k >= depth) return other.layers.length + (k - depth);
  return k < other.layers.length ? k : null;
}

// The values of one quantity along the layers, the scales or the lengths, as numbers.
function along(data, state, axis, quantity) {
  const here = caseOf(data, state);
  const number = (network, k) => {
    const value = k === null ? null : network.sensitivities[k][quantity];
    return value === null || value.kind === "missing" ? null : Number(value.value);
  };
  if (axis === "k") {
    return here.networks.map((network) => ({
      name: network.name,
      values: network.sensitivities.map((_, k) => number(network, k)),
    }));
  }
  const cases = data.cases.filter((each) => (axis === "l" ? each.scale === state.xi : each.length === state.l));
  return here.networks.map((network, n) => ({
    name: network.name,
    values: cases.map((each) => number(each.networks[n], sameLayer(network, state.k, each.networks[n]))),
  }));
}

const layerTick = (network, k) => (k > network.layers.length ? "fₚ" : String(k));

// What stands along the axis, and which of it is the present setting.
function axisLabels(data, state, axis) {
  const here = caseOf(data, state);
  if (axis === "k") return [here.networks[0].sensitivities.map((_, k) => layerTick(here.networks[0], k)), state.k];
  if (axis === "xi") return [scalesOf(data, state.l), scalesOf(data, state.l).indexOf(state.xi)];
  const lengths = data.cases.filter((each) => each.scale === state.xi).map((each) => each.length);
  return [lengths, lengths.indexOf(state.l)];
}
