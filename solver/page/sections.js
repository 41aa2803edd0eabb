"use strict";
// The sections of the page, each drawn anew from the setting: `networks` and their `scenes` go together.

const CHART_HEIGHT = 230;
const wide = (rems) => window.matchMedia(`(min-width: ${rems}rem)`).matches;
const within = (id, share, most) => Math.max(240, Math.min(most, Math.floor(byId(id).clientWidth * share)));
const besideEachOther = () => (wide(70) ? 0.485 : 1);

function imageWords({ state, sites, move, movedDistance, still, moved }) {
  const label = (d) => (d < state.xi ? "closer than ξ, label +1" : "not closer than ξ, label −1");
  const calm = `The pixels are at sites ${sites.join(" and ")}, ${state.d} apart: ${label(state.d)}. `;
  if (!state.deform) return `${calm}The image is not deformed.`;
  const steps = `pixel 1 by ${signed(move[0])}, pixel 2 by ${signed(move[1])}`;
  const change = `‖τx − x‖² = ${squaredDistance(moved[0], still[0])}`;
  return `${calm}After the deformation (${steps}) they are ${movedDistance} apart: ${label(movedDistance)}; ${change}.`;
}

function showImage(scene) {
  byId("ring").replaceChildren(ringDrawing(scene, CHART_HEIGHT));
  byId("image-words").textContent = imageWords(scene);
}

// A drawing that follows the pointer to the site under it, and takes the layer that is pressed.
function pointable(made, scene, update) {
  const site = ({ clientX }) => {
    const x = clientX - made.getBoundingClientRect().left - made.strips.x;
    return Math.floor((x / made.strips.width) * scene.length);
  };
  const point = (event) => {
    const p = site(event);
    if (p >= 0 && p < scene.length && p !== scene.state.p) update({ p });
  };
  made.addEventListener("pointermove", point);
  made.addEventListener("pointerdown", (event) => {
    point(event);
    const y = event.clientY - made.getBoundingClientRect().top;
    const k = made.places.findIndex(([top, end]) => y >= top && y < end);
    if (k >= 0) update({ k });
  });
  return made;
}

function showNetworks(networks, scenes, update) {
  const width = within("panels", besideEachOther(), 900);
  const panels = networks.map((network, n) => {
    const head = element("h3", { class: network.name }, network.name);
    const made = pointable(networkDrawing(network, scenes[n], width), scenes[n], update);
    const current = scenes[n].state.k > network.layers.length ? "true" : null;
    const attributes = { class: "output", id: `output-${network.name}`, "aria-current": current };
    const said = element("p", attributes, outputWords(network, scenes[n]));
    return element("div", { class: "panel" }, head, made, said);
  });
  byId("panels").replaceChildren(...panels);
  byId("inspector").replaceChildren(...networks.map((network, n) => inspectorTable(network, scenes[n])));
  byId("interference").replaceChildren(...networks.map((each, n) => interferenceFigure(each, scenes[n], width)));
}

function responseWords(networks, { state, movedDistance }) {
  const of = (d) => networks.map((each) => `${each.name} ${each.response[d - 1]}`).join(", ");
  const relu = `ReLU(${state.xi} − ${state.d}) = ${Math.max(state.xi - state.d, 0)}`;
  const meet = "After the deformation the pixels meet, which no image of two pixels does.";
  const after = movedDistance ? `After the deformation, at d = ${movedDistance}: ${of(movedDistance)}.` : meet;
  return `At d = ${state.d}: ${of(state.d)}; ${relu}. ${state.deform ? after : ""}`;
}

function showResponse(networks, scene) {
  const drawn = chart({
    width: within("response", 1, 560),
    height: CHART_HEIGHT,
    title: "fₚ(d)",
    series: networks.map((each) => ({ name: each.name, values: each.response })),
    labels: networks[0].response.map((_, n) => n + 1),
    chosen: scene.state.d - 1,
    xName: "d",
  });
  byId("response").replaceChildren(drawn);
  byId("response-words").textContent = responseWords(networks, scene);
}

function showStability(data, networks, state, axis) {
  const [labels, chosen] = axisLabels(data, state, axis);
  const where = axis === "k" ? "" : `, layer ${layerWords(networks[0], state.k)}`;
  const drawn = ["D", "G", "R"].map((quantity) =>
    chart({
      width: within("curves", wide(60) ? 0.325 : 1, 560),
      height: CHART_HEIGHT,
      title: quantity + where,
      series: along(data, state, axis, quantity),
      labels,
      chosen,
      xName: { k: "layer", xi: "ξ", l: "l" }[axis],
      logarithmic: true,
    }),
  );
  byId("curves").replaceChildren(...drawn);
  byId("sensitivities").replaceChildren(...sensitivityTables(networks, data.quantities, state));
}

// The mean over the nine outcomes over the spread at each distance, and D, their mean over all pairs, dashed.
function sharesChart(networks, scenes) {
  const { d, k } = scenes[0].state;
  const series = networks.map((network, n) => {
    const { changes, spread } = scenes[n].known;
    return { name: network.name, values: changes.map((each) => Number(each[k]) / 9 / fractionNumber(spread[k])) };
  });
  return chart({
    width: within("shares", besideEachOther(), 560),
    height: CHART_HEIGHT,
    title: `mean / spread at each d, layer ${layerWords(networks[0], k)}`,
    series,
    labels: series[0].values.map((_, n) => n + 1),
    chosen: d - 1,
    xName: "d",
    levels: networks.map((each) => ({ name: each.name, value: Number(each.sensitivities[k].D.value) })),
  });
}

function showPair(networks, scenes) {
  const [{ state, move }] = scenes;
  const each = (made) => networks.map((network, n) => made(network, scenes[n]));
  byId("shares").replaceChildren(
    sharesChart(networks, scenes),
    element("div", { class: "grids" }, ...each(outcomesTable)),
  );
  byId("changes").replaceChildren(element("div", { class: "stack" }, ...each(changesTable)));
  const steps = `pixel 1 moved by ${signed(move[0])} and pixel 2 by ${signed(move[1])}`;
  byId("pair-words").textContent = `Here d = ${state.d}, with ${steps}. ${agreement(networks, scenes)}`;
}

function showMaps(networks, scenes) {
  const made = byId("all").open ? networks.flatMap((each, n) => [mapsTable(each, scenes[n]), filtersTable(each)]) : [];
  const attributes = { class: "scroll", role: "region", tabindex: "0" };
  const region = (each) => element("div", { ...attributes, "aria-label": each.caption.textContent }, each);
  byId("maps").replaceChildren(...made.map(region));
}
