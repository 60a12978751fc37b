"""The drift report: what boards are, and where they differ."""

from edgead.console.events import Event
from edgead.console.nodes.drift import drift
from edgead.console.runs.state import fold


def test_where_boards_differ():
    boards = {
        "a": {"l4t": "35.3.1", "python": "3.8.10", "clock_offset": 0.1, "tensorflow": "2.12.0"},
        "b": {"l4t": "32.7.1", "python": "3.8.10", "clock_offset": 0.4, "tensorflow": "2.12.0"},
    }
    assert drift(boards) == [
        ("", "a", "b", ""),
        ("l4t", "35.3.1", "32.7.1", "▲ differs"),
        ("python", "3.8.10", "3.8.10", ""),
        ("tensorflow", "2.12.0", "2.12.0", ""),
        ("clock offset", "+0.10 s", "+0.40 s", ""),
    ]
    boards["b"]["clock_offset"] = -5.0
    assert drift(boards)[-1] == ("clock offset", "+0.10 s", "-5.00 s", "▲ differs")
    assert drift({}) == []


def test_it_is_folded_from_the_log():
    task = {"role": "ps", "index": 0, "node": "a"}
    state = fold(
        [
            Event("", "board", {"node": "a", "l4t": "35.3.1"}),
            Event("", "task", {**task, "state": "ready", "tensorflow": "2.12.0", "cudnn": "8"}),
            Event("", "board", {"node": ["odd"]}),
        ]
    )
    assert state.boards["a"] == {"l4t": "35.3.1", "tensorflow": "2.12.0", "cudnn": "8"}


def test_which_data_a_board_has():
    one, other = "a" * 64 + ".f32", "b" * 64 + ".f32"
    staged = [
        Event("", "stage", {"node": "x", "file": one, "done": 1, "total": 2}),
        Event("", "stage", {"node": "x", "file": one, "sent": 2}),
        Event("", "stage", {"node": "x", "file": other, "sent": 0}),
        Event("", "stage", {"node": "x", "file": "code.zip", "sent": 0}),
        Event("", "stage", {"node": "y", "file": one, "sent": 0}),
    ]
    state = fold([Event("", "board", {"node": name, "l4t": "35.3.1"}) for name in "xy"] + staged)
    assert drift(state.boards)[-1] == (
        "dataset",
        "aaaaaaaa bbbbbbbb",
        "aaaaaaaa",
        "▲ differs",
    )
