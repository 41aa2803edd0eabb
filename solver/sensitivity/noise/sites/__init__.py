"""Noise that reaches units through independent pixels alone, whatever happens at a pixel: ReLUs, hard tanhs, biases.

A unit is act(sum_o g_o(y_(p+o)) + b), each g_o piecewise linear, so that its law is that of a sum of independent sites
(`solver.gaussian.sites`).  On rings and frames; equal patterns are evaluated once, and distances out of sight are one
class.
"""
