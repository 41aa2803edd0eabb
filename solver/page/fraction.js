"use strict";
// Exact rationals p/q in lowest terms, q > 0, on BigInt.

function greatestCommonDivisor(a, b) {
  while (b) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}

function fraction(numerator, denominator = 1n) {
  let [p, q] = [BigInt(numerator), BigInt(denominator)];
  if (q === 0n) throw new RangeError("a fraction with denominator 0");
  if (q < 0n) [p, q] = [-p, -q];
  const g = greatestCommonDivisor(p, q);
  return { p: p / g, q: q / g };
}

const plus = (a, b) => fraction(a.p * b.q + b.p * a.q, a.q * b.q);
const minus = (a, b) => fraction(a.p * b.q - b.p * a.q, a.q * b.q);
const times = (a, b) => fraction(a.p * b.p, a.q * b.q);
const over = (a, b) => fraction(a.p * b.q, a.q * b.p);
const fractionText = (a) => (a.q === 1n ? `${a.p}` : `${a.p}/${a.q}`);
const fractionNumber = (a) => Number(a.p) / Number(a.q);
