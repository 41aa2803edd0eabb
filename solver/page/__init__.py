"""A page to play with: both constructions of the talk, layer by layer, in one HTML file."""
