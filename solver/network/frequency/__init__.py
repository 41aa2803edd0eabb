"""Frequencies of filters and kernels."""
