"""Noise rectified twice, by a transfer operator."""
