"""Garbage is looked for again after an import, and not among what the import made."""

import gc

import pytest

from edgead.models.uncollected import uncollected


@pytest.fixture(autouse=True)
def unfrozen():
    yield
    gc.unfreeze()
    gc.enable()


def test_what_was_made_is_left_alone_from_then_on():
    before = gc.get_freeze_count()
    with uncollected():
        assert not gc.isenabled()
        kept = [[] for _ in range(10_000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)


def test_an_import_that_fails_leaves_it_on():
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()
