"""Every quantity of a report by its definition, on small rings and frames; shares nothing with the rest of solver."""
