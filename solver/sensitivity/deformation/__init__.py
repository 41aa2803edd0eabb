"""The numerators of D and the denominator of D and G."""
