"""The hand-built networks, one per file, and their registry."""
