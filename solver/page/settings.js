"use strict";
// The sliders and boxes: what they stand at, and what they say of it.

const byId = (id) => document.getElementById(id);

function setSlider(id, value, text, [min, max]) {
  const slider = byId(id);
  [slider.min, slider.max] = [min, max];
  slider.value = value;
  slider.setAttribute("aria-valuetext", text);
  byId(`${id}-shown`).textContent = text;
}

function showSettings(data, state) {
  const testCase = caseOf(data, state);
  const [network] = testCase.networks;
  const [lengths, scales] = [lengthsOf(data), scalesOf(data, state.l)];
  const sigma = `${state.noise.toFixed(2)}, σ ≈ ${rounded(state.noise * matchedSigma(testCase))}`;
  setSlider("length", lengths.indexOf(state.l), `${state.l} sites`, [0, lengths.length - 1]);
  setSlider("scale", scales.indexOf(state.xi), `${state.xi}`, [0, scales.length - 1]);
  setSlider("distance", state.d, `${state.d}`, [1, Math.floor(state.l / 2)]);
  setSlider("move1", state.s, signed(state.s), [-1, 1]);
  setSlider("move2", state.t, signed(state.t), [-1, 1]);
  setSlider("sigma", state.noise, sigma, [0, 3]);
  setSlider("layer", state.k, layerWords(network, state.k), [0, network.layers.length + 1]);
  setSlider("site", state.p, `${state.p}`, [0, state.l - 1]);
  byId("deform").checked = state.deform;
  byId("eta").checked = state.eta;
  byId("seed-shown").textContent = `draw ${state.seed}`;
  byId("setting").textContent = `l = ${state.l}, ξ = ${state.xi}, d = ${state.d}, k = ${layerTick(network, state.k)}`;
}

// Calls `update` with the change that the reader asks for; what has no effect while it is off is switched on.
function listenToSettings(data, current, update) {
  const changes = {
    length: (n) => ({ l: lengthsOf(data)[n] }),
    scale: (n) => ({ xi: scalesOf(data, current().l)[n] }),
    distance: (d) => ({ d }),
    move1: (s) => ({ s, deform: 1 }),
    move2: (t) => ({ t, deform: 1 }),
    sigma: (noise) => ({ noise, eta: 1 }),
    layer: (k) => ({ k }),
    site: (p) => ({ p }),
  };
  for (const [id, change] of Object.entries(changes)) {
    byId(id).addEventListener("input", (event) => update(change(Number(event.target.value))));
  }
  for (const id of ["deform", "eta"]) {
    byId(id).addEventListener("change", (event) => update({ [id]: Number(event.target.checked) }));
  }
  byId("draw").addEventListener("click", () => update({ eta: 1, seed: current().seed + 1 }));
}
