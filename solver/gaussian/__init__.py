"""Gaussian functions, ball arithmetic, and the moments of rectified Gaussians."""
