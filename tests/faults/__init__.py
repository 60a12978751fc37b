"""Faults in trials on virtual boards: what is injected, when, and what must come of it."""
