"""Randomised quasi-Monte Carlo."""
