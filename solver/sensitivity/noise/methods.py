"""What a caller may ask of the routes of G.  Imports nothing: the command line reads it before anything is computed."""

METHODS = {
    "auto": "a deterministic route where they take less than about half a minute, else sampling",
    "deterministic": "a deterministic route wherever they apply, however long they take, else sampling",
    "series": "proven balls, where the rectified sites are independent",
    "transfer": "transfer operator on equal windows, where the rectified sites are independent or a moving average",
    "sites": "laws of sums of independent pixels, whatever each channel does to a pixel, on rings and frames",
    "scaled": "sampling of stronger noise, for noise so weak that the response is in proportion",
    "sampling": "randomised quasi-Monte Carlo, for any network",
}
"""A policy, or one of `solver.sensitivity.noise.routes.ROUTES`, by name, for layers without a closed form."""
