"""docs/files.md has every key of both files, and no other."""

from dataclasses import fields
from pathlib import Path

from edgead.console.nodes.inventory import SHARED, WHOLE, Node
from edgead.models.spec import TrialSpec

PAGE = Path(__file__).parents[2] / "docs" / "files.md"
IN_WORDS = {"preset", "workers", "chief_node", "ps_node", "worker_nodes"}  # their defaults


def tables():
    """The rows of each table, as {key: cells}."""
    found = []
    for part in PAGE.read_text(encoding="utf-8").split("| --- | --- | --- |\n")[1:]:
        rows = [line.strip("| ").split(" | ") for line in part.split("\n\n")[0].splitlines()]
        found.append({row[0].strip("`"): row for row in rows})
    return found


def test_every_key_has_its_row():
    head, shared, node, trial = tables()
    own = {each.name for each in fields(Node)} - set(SHARED) - {"inside"}
    assert (set(head), set(shared), set(node)) == (set(WHOLE), set(SHARED), own)
    assert set(trial) == {each.name for each in fields(TrialSpec)}


def test_the_trial_table_gives_the_defaults():
    spec, trial = TrialSpec(), tables()[3]
    for key in set(trial) - IN_WORDS:
        default = getattr(spec, key)
        number = isinstance(default, float)
        assert trial[key][2] == (f"{default:g}" if number else str(default).lower()), key
