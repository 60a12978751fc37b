"""A soak: trial after trial on virtual boards, each with random faults at random moments.

python -m faults.soak MINUTES [SEED]; the seed is printed, and the same one draws the same faults.
"""

from __future__ import annotations

import os
import random
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from faults.case import PHASES, Case, check
from faults.catalogue import FAULTS, Fault
from faults.lab import Lab
from faults.report import describe
from testbed.requirements import missing
from testbed.testbed import Testbed


def run_one(lab: Lab, fault: Fault, phase: str, reference: dict[str, Any] | None) -> Any:
    """Run a trial with a fault in a home of its own; gives its outcome, checked."""
    with tempfile.TemporaryDirectory(prefix="edgead-soak-") as folder:
        os.environ["EDGEAD_HOME"] = folder
        try:
            outcome = Case(lab, Path(folder), fault, phase).run()
            check(outcome, fault, reference)
            return outcome
        finally:
            lab.mend()


def soak(lab: Lab, minutes: float, draw: random.Random) -> int:
    """Inject until the time is over; gives how many cases failed."""
    nothing = Fault("none", "", "", frozenset(), lambda *_: None, True)
    reference = run_one(lab, nothing, "first epoch", None).result
    end, failed = time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        fault, phase = draw.choice(FAULTS), draw.choice(PHASES)
        try:
            text = describe(run_one(lab, fault, phase, reference))
        except AssertionError as error:
            text, failed = f"FAILED: {error}", failed + 1
        print(f"| {fault.name} | {phase} | {text} |", flush=True)
    return failed


def main() -> int:
    """Run the program: 0 when all was survived, 1 when not, 2 where it can't be tried."""
    reason = missing()
    if reason is not None or len(sys.argv) < 2:
        print(reason or __doc__, file=sys.stderr)
        return 2
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(2**31)
    print(f"seed {seed}\n| fault | phase | outcome, s to flag / to get on |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="edgead-boards-") as folder:
        testbed = Testbed.start(Path(folder), 3)
        try:
            return int(soak(Lab(testbed), float(sys.argv[1]), random.Random(seed)) > 0)
        finally:
            testbed.stop()


if __name__ == "__main__":
    sys.exit(main())
