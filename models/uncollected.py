"""Imports TensorFlow in half the time."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no garbage meanwhile, and never among what was made.

    An import makes some hundred thousand objects that stay: to look through all of them, again and
    again, takes as long as the import of TensorFlow itself.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
