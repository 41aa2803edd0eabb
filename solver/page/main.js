"use strict";
// The page itself: the setting, what follows from it, and when it is drawn.

const DATA = JSON.parse(document.getElementById("data").textContent);
const SLIDERS = { distance: "d", move1: "s", move2: "t", sigma: "noise", layer: "k", site: "p" };
const byId = (id) => document.getElementById(id);
const known = new Map();
let state = legalState(stateFromHash(location.hash), DATA);
let axisName = "k";
let asked = false;

// D and all it is made of depends on l and xi alone, and is kept.
function deformationOf(testCase) {
  const key = `${testCase.length} ${testCase.scale}`;
  if (!known.has(key)) {
    known.set(key, Object.fromEntries(testCase.networks.map((each) => [each.name, deformation(each, testCase.length)])));
  }
  return known.get(key);
}

// What one network makes of the present setting.
function sceneOf(network, testCase) {
  const { length } = testCase;
  const move = moveOf(state);
  const sites = pixelSites(length, state.d);
  const movedSites = sites.map((site, n) => (((site + move[n]) % length) + length) % length);
  const image = imageAt(length, sites);
  const [still, moved] = [activations(network, image), activations(network, imageAt(length, movedSites))];
  const eta = state.eta ? gaussianNoise(length, state.noise * matchedSigma(testCase), state.seed) : null;
  const noisy = eta && activations(network, image.map((a, p) => a + eta[p]));
  const noisyOutput = noisy && output(network, noisy);
  const noisyChanges = noisy && [...noisy, [[noisyOutput]]].map((maps, k) => squaredDistance(maps, everything(network, image)[k]));
  return {
    state, length, move, sites: sites.map((p) => p % length), movedSites, still, moved, noisy, noisyOutput,
    output: output(network, still),
    movedOutput: output(network, moved),
    movedDistance: ringDistance(length, ...movedSites),
    noisyChanges: { [network.name]: noisyChanges },
    shownSites: state.deform ? movedSites : sites,
    shownName: state.deform ? "the windows of τx" : "the windows of x",
    deformation: deformationOf(testCase),
  };
}

function update(change) {
  state = legalState({ ...state, ...change }, DATA);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    render();
  });
}

function setSlider(id, { min, max, value, text }) {
  const slider = byId(id);
  [slider.min, slider.max] = [min, max];
  slider.value = value;
  slider.setAttribute("aria-valuetext", text);
  byId(`${id}-shown`).textContent = text;
}

function showSettings(testCase) {
  const [lengths, scales] = [lengthsOf(DATA), scalesOf(DATA, state.l)];
  const sigma = state.noise * matchedSigma(testCase);
  setSlider("length", { min: 0, max: lengths.length - 1, value: lengths.indexOf(state.l), text: `${state.l} sites` });
  setSlider("scale", { min: 0, max: scales.length - 1, value: scales.indexOf(state.xi), text: `${state.xi}` });
  setSlider("distance", { min: 1, max: Math.floor(state.l / 2), value: state.d, text: `${state.d}` });
  setSlider("move1", { min: -1, max: 1, value: state.s, text: signed(state.s) });
  setSlider("move2", { min: -1, max: 1, value: state.t, text: signed(state.t) });
  setSlider("sigma", { min: 0, max: 3, value: state.noise, text: `${state.noise.toFixed(2)}, σ ≈ ${rounded(sigma)}` });
  setSlider("layer", { min: 0, max: testCase.networks[0].layers.length + 1, value: state.k, text: layerWords(testCase.networks[0], state.k) });
  setSlider("site", { min: 0, max: state.l - 1, value: state.p, text: `${state.p}` });
  byId("deform").checked = state.deform;
  byId("eta").checked = state.eta;
  byId("seed-shown").textContent = `draw ${state.seed}`;
  byId("setting").textContent = `l = ${state.l}, ξ = ${state.xi}, d = ${state.d}, k = ${layerTick(testCase.networks[0], state.k)}`;
}

const within = (id, share = 1, most = 900) => Math.max(240, Math.min(most, Math.floor(byId(id).clientWidth * share)));
const beside = () => (window.matchMedia("(min-width: 70rem)").matches ? 0.485 : 1);

function showImage(scene) {
  byId("ring").replaceChildren(ringDrawing(scene, 230));
  const label = (d) => (d < state.xi ? "closer than ξ, label +1" : "not closer than ξ, label −1");
  const [s, t] = scene.move;
  const moved = `After the deformation (pixel 1 by ${signed(s)}, pixel 2 by ${signed(t)}) they are ${scene.movedDistance} apart: ${label(scene.movedDistance)}; ‖τx − x‖² = ${squaredDistance([scene.moved[0][0]], [scene.still[0][0]])}.`;
  const still = `The pixels are at sites ${scene.sites.join(" and ")}, ${state.d} apart: ${label(state.d)}. `;
  byId("image-words").textContent = still + (state.deform ? moved : "The image is not deformed.");
}

function networkPanel(network, scene, width) {
  const made = networkDrawing(network, scene, width);
  const locate = (event) => {
    const box = made.getBoundingClientRect();
    const p = Math.floor(((event.clientX - box.left - made.strips.x) / made.strips.width) * scene.length);
    return { p, k: made.places.findIndex(([top, end]) => event.clientY - box.top >= top && event.clientY - box.top < end) };
  };
  const point = (event) => {
    const { p } = locate(event);
    if (p >= 0 && p < scene.length && p !== state.p) update({ p });
  };
  made.addEventListener("pointermove", point);
  made.addEventListener("pointerdown", (event) => {
    point(event);
    if (locate(event).k >= 0) update({ k: locate(event).k });
  });
  const head = element("h3", { class: network.name }, network.name);
  return element("div", { class: "panel" }, head, made, element("p", { class: "output", id: `output-${network.name}` }, outputWords(network, scene)));
}

function showNetworks(networks, scenes) {
  const width = within("panels", beside());
  byId("panels").replaceChildren(...networks.map((network, n) => networkPanel(network, scenes[n], width)));
  byId("inspector").replaceChildren(...networks.map((network, n) => inspectorTable(network, scenes[n], state.p)));
  byId("interference").replaceChildren(...networks.map((network, n) => interferenceFigure(network, scenes[n], width)));
}

function showResponse(networks, scene) {
  const labels = networks[0].response.map((_, n) => n + 1);
  const series = networks.map((each) => ({ name: each.name, values: each.response }));
  const width = within("response", 1, 560);
  byId("response").replaceChildren(chart({ width, height: 230, title: "fₚ(d)", series, labels, chosen: state.d - 1, xName: "d" }));
  const of = (d) => networks.map((each) => `${each.name} ${d === 0 ? "–" : each.response[d - 1]}`).join(", ");
  const moved = scene.movedDistance ? `${of(scene.movedDistance)}` : "the pixels meet, which no image of two pixels does";
  byId("response-words").textContent =
    `At d = ${state.d}: ${of(state.d)}; ReLU(${state.xi} − ${state.d}) = ${Math.max(state.xi - state.d, 0)}.` +
    (state.deform ? ` After the deformation, at d = ${scene.movedDistance}: ${moved}.` : "");
}

function showStability(networks, scene) {
  const [labels, chosen] = axisLabels(DATA, state, axisName);
  const where = axisName === "k" ? "" : `, layer ${layerWords(networks[0], state.k)}`;
  const width = within("curves", window.matchMedia("(min-width: 60rem)").matches ? 0.325 : 1, 560);
  const xName = { k: "layer", xi: "ξ", l: "l" }[axisName];
  const drawn = ["D", "G", "R"].map((quantity) =>
    chart({ width, height: 230, title: quantity + where, series: along(DATA, state, axisName, quantity), labels, chosen, xName, logarithmic: true }),
  );
  byId("curves").replaceChildren(...drawn);
  byId("sensitivities").replaceChildren(...sensitivityTables(networks, state));
}

function showPair(networks, scenes) {
  const { d, k } = state;
  const share = (network) => ({
    name: network.name,
    values: scenes[0].deformation[network.name].changes.map((each) => fractionNumber(over(fraction(each[k], 9), scenes[0].deformation[network.name].spread[k]))),
  });
  const levels = networks.map((each) => ({ name: each.name, value: Number(each.sensitivities[k].D.value) }));
  const series = networks.map(share);
  const labels = series[0].values.map((_, n) => n + 1);
  const title = `mean / spread at each d, layer ${layerWords(networks[0], k)}`;
  const drawn = chart({ width: within("shares", beside(), 560), height: 230, title, series, labels, chosen: d - 1, xName: "d", levels });
  const grids = element("div", { class: "grids" }, ...networks.map((each, n) => outcomesTable(each, scenes[n])));
  byId("shares").replaceChildren(drawn, grids);
  byId("changes").replaceChildren(element("div", { class: "stack" }, ...networks.map((each, n) => changesTable(each, scenes[n]))));
  byId("pair-words").textContent =
    `At d = ${d} with pixel 1 moved by ${signed(scenes[0].move[0])} and pixel 2 by ${signed(scenes[0].move[1])}: the squared change of each layer, its mean over ` +
    `the nine outcomes, and what two images of the ensemble differ by (the spread). D is the mean of mean / spread over all pairs, drawn dashed. ${agreement(networks, scenes[0])}`;
}

function showMaps(networks, scenes) {
  if (!byId("all").open) return byId("maps").replaceChildren();
  const region = (made) => element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": made.caption.textContent }, made);
  return byId("maps").replaceChildren(...networks.flatMap((each, n) => [mapsTable(each, scenes[n]), filtersTable(each)]).map(region));
}

function render() {
  const testCase = caseOf(DATA, state);
  const { networks } = testCase;
  const scenes = networks.map((network) => sceneOf(network, testCase));
  showSettings(testCase);
  showImage(scenes[0]);
  showNetworks(networks, scenes);
  showResponse(networks, scenes[0]);
  showStability(networks, scenes[0]);
  showPair(networks, scenes);
  showMaps(networks, scenes);
  if (location.hash !== hashOf(state)) history.replaceState(null, "", hashOf(state));
}

function listen() {
  byId("length").addEventListener("input", (event) => update({ l: lengthsOf(DATA)[event.target.value] }));
  byId("scale").addEventListener("input", (event) => update({ xi: scalesOf(DATA, state.l)[event.target.value] }));
  for (const [id, key] of Object.entries(SLIDERS)) {
    byId(id).addEventListener("input", (event) => update({ [key]: Number(event.target.value) }));
  }
  for (const id of ["deform", "eta"]) byId(id).addEventListener("change", (event) => update({ [id]: Number(event.target.checked) }));
  byId("draw").addEventListener("click", () => update({ eta: 1, seed: state.seed + 1 }));
  byId("all").addEventListener("toggle", () => update({}));
  for (const each of document.querySelectorAll("[name=axis]")) {
    each.addEventListener("change", () => {
      axisName = each.value;
      update({});
    });
  }
  window.addEventListener("hashchange", () => update(stateFromHash(location.hash)));
  window.addEventListener("resize", () => update({}));
}

byId("controls").open = window.matchMedia("(min-width: 60rem)").matches;
listen();
render();
