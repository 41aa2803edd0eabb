"""Laws of sums of independent sites, each a piecewise linear function of one Gaussian: atoms and densities."""
