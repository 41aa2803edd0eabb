"use strict";
// What one network makes of a setting: both images, their maps, the noisy maps, and what D is made of.

const keptDeformations = new Map();

// D and all it is made of depend on l and xi alone, and are kept.
function deformationOf(testCase) {
  const key = `${testCase.length} ${testCase.scale}`;
  if (!keptDeformations.has(key)) {
    const parts = testCase.networks.map((network) => [network.name, deformation(network, testCase.length)]);
    keptDeformations.set(key, Object.fromEntries(parts));
  }
  return keptDeformations.get(key);
}

// The maps of x + eta and f_p of it, in floating point, and how far every layer is from its calm map.
function noisyScene(network, testCase, state, image) {
  if (!state.eta) return { noisy: null };
  const eta = gaussianNoise(testCase.length, state.noise * matchedSigma(testCase), state.seed);
  const noisy = activations(
    network,
    image.map((a, p) => a + eta[p]),
  );
  const noisyOutput = output(network, noisy);
  const calm = everything(network, image);
  const noisyChanges = [...noisy, [[noisyOutput]]].map((maps, k) => squaredDistance(maps, calm[k]));
  return { noisy, noisyOutput, noisyChanges };
}

function sceneOf(network, testCase, state) {
  const { length } = testCase;
  const move = moveOf(state);
  const sites = pixelSites(length, state.d);
  const movedSites = sites.map((site, n) => (site + move[n] + length) % length);
  const image = imageAt(length, sites);
  const [still, moved] = [image, imageAt(length, movedSites)].map((each) => activations(network, each));
  return {
    state,
    length,
    move,
    sites,
    movedSites,
    movedDistance: ringDistance(length, ...movedSites),
    still,
    moved,
    output: output(network, still),
    movedOutput: output(network, moved),
    shownSites: state.deform ? movedSites : sites,
    shownName: state.deform ? "the windows of τx" : "the windows of x",
    known: deformationOf(testCase)[network.name],
    ...noisyScene(network, testCase, state, image),
  };
}
