"use strict";
// ||a_k(tau x) - a_k(x)||^2 of one pair, its average over the nine outcomes, and D_k from these, in exact arithmetic.

const MOVES = [-1, 0, 1].flatMap((s) => [-1, 0, 1].map((t) => [s, t]));

function movedImage(length, d, [s, t]) {
  const [i, j] = pixelSites(length, d);
  return imageAt(length, [i + s, j + t]);
}

// For every layer 0..k~+1: ||a_k(tau x) - a_k(x)||^2 for the move (s, t) of a pair at distance d.
function squaredChanges(network, length, d, move) {
  const still = everything(network, imageAt(length, pixelSites(length, d)));
  const moved = everything(network, movedImage(length, d, move));
  return still.map((maps, k) => whole(squaredDistance(moved[k], maps)));
}

// For every layer: the sum over the nine outcomes, nine times the average.
function summedChanges(network, length, d) {
  const changes = MOVES.map((move) => squaredChanges(network, length, d, move));
  return changes[0].map((_, k) => whole(sum(changes.map((each) => each[k]))));
}

// Pairs at distance d: l, and l/2 where d is half the ring.
const pairCount = (length, d) => (2 * d === length ? length / 2 : length);

// For every layer: <||a_k(x1) - a_k(x2)||^2> = 2 (<||a_k||^2> - ||<a_k>||^2) over all pairs, translations included.
function spreads(network, length) {
  const total = (length * (length - 1)) / 2;
  const distances = Array.from({ length: Math.floor(length / 2) }, (_, n) => n + 1);
  const all = distances.map((d) => everything(network, imageAt(length, pixelSites(length, d))));
  const counts = distances.map((d) => pairCount(length, d));
  const average = (value) => fraction(whole(sum(all.map((each, n) => counts[n] * value(each)))), total);
  return all[0].map((maps, k) => {
    const square = average((each) => sum(each[k].map((row) => sum(row.map((a) => a * a)))));
    const means = maps.map((row, c) => [average((each) => sum(each[k][c])), row.length]);
    const meanSquare = means.reduce((a, [m, sites]) => plus(a, over(times(m, m), fraction(sites))), fraction(0));
    return times(fraction(2), minus(square, meanSquare));
  });
}

// Everything that D_k is made of: the spreads, the nine-outcome sums at each distance, and D_k itself.
function deformation(network, length) {
  const total = (length * (length - 1)) / 2;
  const spread = spreads(network, length);
  const changes = [];
  for (let d = 1; 2 * d <= length; d++) changes.push(summedChanges(network, length, d));
  const D = spread.map((each, k) => {
    const numerator = whole(sum(changes.map((change, n) => pairCount(length, n + 1) * change[k])));
    return over(fraction(numerator, 9 * total), each);
  });
  return { spread, changes, D };
}
