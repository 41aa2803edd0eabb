"""D, G and R of every layer: what is asked, and the routes that answer it."""
