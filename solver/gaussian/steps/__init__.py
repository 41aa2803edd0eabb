"""Laws of sums of independent rectified Gaussians, by Taylor steps with proven remainders."""
