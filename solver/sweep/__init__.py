"""Many questions at once: a grid of choices, its cells evaluated in parallel, resumable, as tables and figures."""
