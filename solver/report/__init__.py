"""One result object as text, JSON, LaTeX and HTML."""
