"""Asymptotic expansions."""
