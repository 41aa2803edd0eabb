"""Networks to and from PyTorch."""
