"""D as formulas."""
