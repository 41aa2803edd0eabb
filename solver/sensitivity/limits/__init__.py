"""G in weak and in strong noise."""
