"""Noise rectified twice by equal windows, deterministically: a layer, f_p, and both for noise that comes rectified.

A unit a = (S - theta)+ with S = sum_o K_o r_o is S - theta + C, C = (theta - S)+ being its shortfall.  Everything about
S alone has a closed form; C lives on the small region S < theta, where a transfer operator finds its moments
(`solver.gaussian.chains.coupled_chains`).  Equal patterns of means are evaluated once, and distances out of sight are
one class, so the cost does not grow with l except through the nodes that weaker noise needs.
"""
