"""Fuzzing is the same on every run, and no machine is too slow for it."""

from hypothesis import settings

settings.register_profile("fuzz", deadline=None, derandomize=True)
settings.load_profile("fuzz")
