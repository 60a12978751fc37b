"""Checkpoints come back as they were written, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgead.models.checkpoint import FILE, Checkpoint, Checkpoints

DATA = ["a.f32", "b.f32"]


def checkpoint(rounds: int = 6) -> Checkpoint:
    slots = np.arange(3 * 7, dtype=np.float32).reshape(3, 7) / 3
    return Checkpoint(rounds, slots, (0.5, 0.25, 1 / 3), (1.0, 2.0, 3.0))


def test_what_is_saved_is_loaded_to_the_last_bit(tmp_path: Path) -> None:
    both = Checkpoints(tmp_path, DATA)
    assert both.load() is None
    for rounds in (2, 6):
        both.save(checkpoint(rounds))
    found = both.load()
    assert found is not None and found.rounds == 6
    assert found.slots.tobytes() == checkpoint().slots.tobytes()
    assert (found.losses, found.seconds) == (checkpoint().losses, checkpoint().seconds)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_of_other_data_or_damaged_it_is_left_alone(tmp_path: Path) -> None:
    Checkpoints(tmp_path, DATA).save(checkpoint())
    assert Checkpoints(tmp_path, ["other.f32"]).load() is None
    whole = (tmp_path / FILE).read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2], whole[:-30]):
        (tmp_path / FILE).write_bytes(content)
        assert Checkpoints(tmp_path, DATA).load() is None


def test_it_may_start_from_a_file_elsewhere(tmp_path: Path) -> None:
    Checkpoints(tmp_path, DATA).save(checkpoint())
    (tmp_path / "there").mkdir()
    moved = (tmp_path / FILE).rename(tmp_path / "staged.npz")
    assert Checkpoints(tmp_path / "there", DATA, moved).load() is not None


def test_a_write_that_fails_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Checkpoints(tmp_path, DATA)
    both.save(checkpoint(2))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        both.save(checkpoint(6))
    found = both.load()
    assert found is not None and found.rounds == 2
