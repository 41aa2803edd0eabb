"""The commands of the command line, one a file; heavy imports happen inside them."""
