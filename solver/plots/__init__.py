"""Figures: each function returns a matplotlib figure; `solver.plots.style` holds the one look they share."""
