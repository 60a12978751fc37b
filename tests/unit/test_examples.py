"""The help of every command has examples, and each example is one that the program takes."""

import shlex

import pytest

from edgead.console.cli import build_parser
from edgead.console.parser.examples import EXAMPLES, commands_of


def every(parser, command=""):
    yield command, parser
    for name, sub in commands_of(parser).items():
        yield from every(sub, f"{command} {name}".strip())


COMMANDS = dict(every(build_parser()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_examples(command):
    text = COMMANDS[command].format_help()
    assert "examples:\n  edgead-console" in text, command
    assert COMMANDS[command].description


def test_no_examples_of_commands_that_are_gone():
    assert set(EXAMPLES) <= set(COMMANDS)


@pytest.mark.parametrize("words", sorted({w for said in EXAMPLES.values() for w, _ in said}))
def test_every_example_is_taken(words):
    assert build_parser().parse_args(shlex.split(words)).command
