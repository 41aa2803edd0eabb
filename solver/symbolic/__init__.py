"""Closed forms of D, G and R in l, xi, k and sigma."""
