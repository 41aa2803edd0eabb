"use strict";
// The setting: one plain object of numbers, kept within what the data hold, and written to the address of the page.

const START = { l: 32, xi: 7, d: 5, s: 1, t: 0, k: 3, p: 16, noise: 1, seed: 1, deform: 1, eta: 0 };

const bounded = (value, low, high) => Math.min(Math.max(value, low), high);
const nearest = (value, choices) => choices.reduce((a, b) => (Math.abs(b - value) < Math.abs(a - value) ? b : a));

const lengthsOf = (data) => [...new Set(data.cases.map((each) => each.length))];
const scalesOf = (data, length) => data.cases.filter((each) => each.length === length).map((each) => each.scale);

function caseOf(data, state) {
  return data.cases.find((each) => each.length === state.l && each.scale === state.xi);
}

// The nearest setting for which there are data.
function legalState(state, data) {
  const number = (key) => (Number.isFinite(state[key]) ? state[key] : START[key]);
  const l = nearest(number("l"), lengthsOf(data));
  const xi = nearest(number("xi"), scalesOf(data, l));
  const depth = caseOf(data, { l, xi }).networks[0].layers.length;
  const step = (key, low, high) => bounded(Math.round(number(key)), low, high);
  return {
    l,
    xi,
    d: step("d", 1, Math.floor(l / 2)),
    s: step("s", -1, 1),
    t: step("t", -1, 1),
    k: step("k", 0, depth + 1),
    p: step("p", 0, l - 1),
    noise: bounded(Math.round(number("noise") * 20) / 20, 0, 3),
    seed: step("seed", 1, 2 ** 31 - 1),
    deform: step("deform", 0, 1),
    eta: step("eta", 0, 1),
  };
}

function stateFromHash(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = { ...START };
  for (const key of Object.keys(START)) if (given.has(key)) state[key] = Number.parseFloat(given.get(key));
  return state;
}

const hashOf = (state) => `#${new URLSearchParams(Object.entries(state))}`;

// Pixels that stand still are pixels of the image itself, whatever the sliders of the displacements say.
const moveOf = (state) => (state.deform ? [state.s, state.t] : [0, 0]);
