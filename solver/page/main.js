"use strict";
// The page itself: its setting, and when what follows from it is drawn.

const DATA = JSON.parse(byId("data").textContent);
let state = legalState(stateFromHash(location.hash), DATA);
let axis = "k";
let asked = false;

// Safari allows a hundred changes of the address in half a minute; one that it refuses is made up for by the next.
function keepInAddress(fragment) {
  if (location.hash === fragment) return;
  try {
    history.replaceState(null, "", fragment);
  } catch (error) {
    if (error.name !== "SecurityError") throw error;
  }
}

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
  keepInAddress(hashOf(state));
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
