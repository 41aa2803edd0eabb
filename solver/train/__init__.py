"""Networks trained on the two-pixel task, stored exactly: configuration, loop, errors, and the folder they leave."""
