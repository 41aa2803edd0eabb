"""The numerator of G, by routes."""
