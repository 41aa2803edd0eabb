"""The response f_p."""
