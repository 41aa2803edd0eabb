"""Networks: layers, exact forward passes, effective kernels, proofs of linearity, the channel graph."""
