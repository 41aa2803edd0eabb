"""Shuffled channels."""
