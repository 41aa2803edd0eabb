"use strict";
// Gaussian noise from a seed: the same seed gives the same draw on every machine.

function uniformNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
}

// l independent numbers of mean 0 and standard deviation sigma (Box and Muller).
function gaussianNoise(length, sigma, seed) {
  const next = uniformNumbers(seed);
  return Array.from({ length }, () => sigma * Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()));
}

// sigma* with l sigma*^2 = energy: the noise moves the image as far as a deformation of two distant pixels does.
function matchedSigma(testCase) {
  const [p, q = 1] = testCase.energy.split("/").map(Number);
  return Math.sqrt(p / q / testCase.length);
}
