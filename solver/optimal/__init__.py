"""The best there is: the least D of a linear layer over all its kernels, and what several channels change."""
