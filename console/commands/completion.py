"""completion: what a shell is to read so that it completes our words."""

from __future__ import annotations

import argparse

from edgead.console.errors import DONE
from edgead.console.parser.completion import shell_code


def completion(args: argparse.Namespace) -> int:
    """Print the shell's code."""
    print(shell_code(args.shell))
    return DONE
