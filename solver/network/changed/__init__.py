"""Networks made from networks."""
