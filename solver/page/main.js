"use strict";
// The page itself: its setting, and when what follows from it is drawn.

const DATA = JSON.parse(byId("data").textContent);
let state = legalState(stateFromHash(location.hash), DATA);
let axis = "k";
let asked = false;

function render() {
  const testCase = caseOf(DATA, state);
  const { networks } = testCase;
  const scenes = networks.map((network) => sceneOf(network, testCase, state));
  showSettings(DATA, state);
  showImage(scenes[0]);
  showNetworks(networks, scenes, update);
  showResponse(networks, scenes[0]);
  showStability(DATA, networks, state, axis);
  showPair(networks, scenes);
  showMaps(networks, scenes);
  if (location.hash !== hashOf(state)) history.replaceState(null, "", hashOf(state));
}

// Changes the setting now, and draws it once with the next frame.
function update(change = {}) {
  state = legalState({ ...state, ...change }, DATA);
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    render();
  });
}

byId("controls").open = wide(60);
listenToSettings(DATA, () => state, update);
byId("all").addEventListener("toggle", () => update());
window.addEventListener("hashchange", () => update(stateFromHash(location.hash)));
window.addEventListener("resize", () => update());
for (const each of document.querySelectorAll("[name=axis]")) {
  each.addEventListener("change", () => {
    axis = each.value;
    update();
  });
}
render();
