"use strict";
// Tables: D, G and R as the solver wrote them, what the present pair adds, and every integer of the maps.

const FRACTION = 24;

// A value as the solver shows it: an exact one as fraction and decimal, a missing one as a dash.
function valueText(value) {
  const short = value.exact && value.exact.length <= FRACTION && value.exact !== value.shown;
  return short ? `${value.exact} = ${value.shown}` : value.shown.replace(/^-$/, "–");
}

// Letters a, b, ... for the methods and reasons behind the values, in order of appearance.
function noteKeeper() {
  const notes = [];
  const letter = (text) => {
    if (!notes.includes(text)) notes.push(text);
    return String.fromCharCode(97 + notes.indexOf(text));
  };
  const list = () => notes.map((text) => element("li", {}, element("sup", {}, letter(text)), ` ${text}`));
  return { letter, list };
}

const noteOf = (name, value) =>
  value.kind === "missing" ? `no ${name}: ${value.why}` : `${value.kind}: ${value.method}`;

function sensitivityTable(network, quantities, state, keeper) {
  const rows = network.sensitivities.map((each, k) => [
    mapName(network, k),
    ...quantities.map(({ name }) => {
      const value = each[name];
      const cell = element("span", { "data-value": `${network.name} ${k} ${name}` }, valueText(value));
      if (name === "G" || value.kind === "missing") cell.append(element("sup", {}, keeper.letter(noteOf(name, value))));
      return cell;
    }),
  ]);
  const made = table(network.name, ["layer", ...quantities.map((each) => each.text)], rows);
  made.querySelectorAll("tbody tr")[state.k].setAttribute("aria-current", "true");
  return made;
}

// The present layer to all digits there are, with the error of each and what kind of number it is.
function digitsTable(networks, quantities, state) {
  const rows = networks.flatMap((network) =>
    quantities.map(({ name }) => {
      const value = network.sensitivities[state.k][name];
      const missing = value.kind === "missing";
      const cells = missing ? ["–", "–", value.why] : [value.value, value.error, `${value.kind}: ${value.method}`];
      return [`${name} of ${network.name}`, ...cells];
    }),
  );
  return table(`Values and errors at ${mapName(networks[0], state.k)}`, ["number", "value", "error", "kind: route"], rows);
}

const spoken = (quantities) => quantities.filter((each) => each.note).map((each) => element("li", {}, each.note));

function sensitivityTables(networks, quantities, state) {
  const keeper = noteKeeper();
  return [
    ...networks.map((network) => sensitivityTable(network, quantities, state, keeper)),
    element("ul", { class: "notes" }, ...spoken(quantities), ...keeper.list()),
    digitsTable(networks, quantities, state),
  ];
}

// What the present pair and move add: the squared change, its mean over the nine outcomes, and both over the spread.
function changesTable(network, scene) {
  const { known } = scene;
  const squared = squaredChanges(network, scene.length, scene.state.d, scene.move);
  const heads = ["layer", "this outcome", "mean of nine", "⟨‖a(x₁) − a(x₂)‖²⟩", "mean / spread", "D, over all d"];
  if (scene.noisy) heads.push("‖a(x + η) − a(x)‖², this draw");
  const rows = squared.map((change, k) => {
    const mean = fraction(known.changes[scene.state.d - 1][k], 9);
    const share = over(mean, known.spread[k]);
    const cells = [
      shown(change),
      fractionText(mean),
      fractionText(known.spread[k]),
      rounded(fractionNumber(share)),
      fractionText(known.D[k]),
    ];
    if (scene.noisy) cells.push(rounded(scene.noisyChanges[k]));
    return [mapName(network, k), ...cells];
  });
  const made = table(network.name, heads, rows);
  made.querySelectorAll("tbody tr")[scene.state.k].setAttribute("aria-current", "true");
  return made;
}

// The squared changes of one layer for all nine moves, the present one marked.
function outcomesTable(network, scene) {
  const { d, k } = scene.state;
  const rows = [-1, 0, 1].map((s) => [
    signed(s),
    ...[-1, 0, 1].map((t) => {
      const here = s === scene.move[0] && t === scene.move[1];
      return element(
        "span",
        here ? { class: "here", "aria-current": "true" } : {},
        squaredChanges(network, scene.length, d, [s, t])[k],
      );
    }),
  ]);
  const heads = ["pixel 1 ↓ pixel 2 →", ...[-1, 0, 1].map(signed)];
  return table(`${network.name}: squared change of ${mapName(network, k)}`, heads, rows);
}

// Whether D, summed again here from all distances and outcomes, is the fraction that the solver wrote.
function agreement(networks, scenes) {
  const wrong = networks.flatMap((network, n) =>
    network.sensitivities.flatMap((each, k) => {
      const found = fractionText(scenes[n].known.D[k]);
      return found === each.D.exact ? [] : [`${network.name}, ${mapName(network, k)}: ${found}, not ${each.D.exact}`];
    }),
  );
  return wrong.length
    ? `D summed here DISAGREES with the solver: ${wrong.join("; ")}.`
    : "D summed here over all distances and outcomes equals the solver's fraction in every layer.";
}

// The values of every channel at the chosen site.
function inspectorTable(network, scene) {
  const { p } = scene.state;
  const noisy = scene.noisy !== null;
  const rows = scene.still.flatMap((maps, k) =>
    maps.map((row, c) => {
      const cells = [channelName(network, k, c), shown(row[p]), shown(scene.moved[k][c][p])];
      if (noisy) cells.push(rounded(scene.noisy[k][c][p]));
      return [mapName(network, k), ...cells];
    }),
  );
  return table(
    `${network.name} at site ${p}`,
    ["map", "channel", "of x", "of τx", ...(noisy ? ["of x + η"] : [])],
    rows,
  );
}

function mapsTable(network, scene) {
  const rows = scene.still.flatMap((maps, k) =>
    maps.flatMap((row, c) =>
      [
        ["x", row],
        ["τx", scene.moved[k][c]],
      ].map(([image, values]) => [
        `${mapName(network, k)}(${image}) ${k ? channelName(network, k, c) : ""}`.trim(),
        ...values.map(shown),
      ]),
    ),
  );
  const sites = Array.from({ length: scene.length }, (_, p) => p);
  return table(`${network.name}, activations at every site`, ["map", ...sites], rows);
}

function filtersTable(network) {
  const rows = network.layers.flatMap((layer, k) =>
    layer.filters.map((filters, c) => {
      const taps = filters.map((each, i) =>
        each.some((w) => w) ? `${channelName(network, k, i)}: ${each.join(" ")}` : "",
      );
      return [`layer ${k + 1}, ${layer.names[c]}`, taps.filter(Boolean).join("; "), shown(layer.bias[c])];
    }),
  );
  return table(`${network.name}, filters that are not zero, by input channel`, ["channel", "filters", "bias"], rows);
}
