"""G as formulas."""
