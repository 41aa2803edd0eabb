"use strict";
// The forward pass on the ring.  Integers stay exact: a sum beyond 2^53 is an error, never a rounded number.

function whole(number) {
  if (!Number.isSafeInteger(number)) throw new RangeError(`${number} is beyond the integers that are exact here`);
  return number;
}

function imageAt(length, sites) {
  const image = new Array(length).fill(0);
  for (const site of sites) image[((site % length) + length) % length] += 1;
  return image;
}

// The sites of the two pixels: d apart, around the middle of the strip.
function pixelSites(length, d) {
  const first = Math.floor(length / 2) - Math.floor(d / 2);
  return [first, first + d];
}

function ringDistance(length, i, j) {
  const apart = (((j - i) % length) + length) % length;
  return Math.min(apart, length - apart);
}

// w * a + b, a periodic cross-correlation: maps[channel][site] in, maps out.
function correlated(maps, layer) {
  const length = maps[0].length;
  return layer.filters.map((filters, c) => {
    const total = new Array(length).fill(layer.bias[c]);
    filters.forEach((taps, i) => {
      taps.forEach((weight, j) => {
        if (weight === 0) return;
        const shift = length + layer.first_offset + j;
        for (let p = 0; p < length; p++) total[p] += weight * maps[i][(p + shift) % length];
      });
    });
    return total;
  });
}

const rectified = (maps) => maps.map((row) => row.map((z) => Math.max(z, 0)));

// a_0 (the image), a_1, ..., a_k~ as maps[layer][channel][site].
function activations(network, image) {
  const maps = [[image]];
  for (const layer of network.layers) maps.push(rectified(correlated(maps.at(-1), layer)));
  return maps;
}

// z_k before its ReLU.
function preactivation(network, image, k) {
  return correlated(activations(network, image)[k - 1], network.layers[k - 1]);
}

const sum = (values) => values.reduce((a, b) => a + b, 0);

function output(network, maps) {
  return sum(maps.at(-1).map((row, c) => network.readout[c] * sum(row))) + network.constant;
}

// Layers 0..k~ and, as a single number, f_p: everything a network says of one image.
function everything(network, image) {
  const maps = activations(network, image);
  return [...maps, [[output(network, maps)]]];
}

function squaredDistance(maps, others) {
  return sum(maps.map((row, c) => sum(row.map((value, p) => (value - others[c][p]) ** 2))));
}
