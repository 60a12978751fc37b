"""The part of the command line that is about trials: trial …"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edgead.console.parser.arguments import Commands, accept_new, as_json, data_folder

if TYPE_CHECKING:
    Verbs = Commands[argparse.ArgumentParser]


def add_trial(commands: Verbs) -> None:
    """Describe `trial` and its verbs."""
    trial = commands.add_parser(
        "trial", help="run, queue, list, show, attach, replay, stop, name, delete and export trials"
    )
    verbs = trial.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _run(verbs)
    _rerun(verbs)
    _queue(verbs)
    listing = verbs.add_parser("list", help="the stored runs")
    as_json(listing)
    listing.set_defaults(command="runs:list_runs")
    for name, text in (
        ("show", "one run: spec, tasks, scores, flags, its sweep over seeds"),
        ("attach", "follow a running trial from its first event to its last"),
        ("stop", "stop a running trial"),
    ):
        verb = _verb(verbs, name, text, "RUN")
        as_json(verb)
        verb.set_defaults(command=f"runs:{name}")
    _replay(verbs)
    _curate(verbs)
    about = "a run's epochs as csv, all of it as json, or as a run of MLflow's"
    export = _verb(verbs, "export", about, "RUN")
    export.add_argument("--format", choices=("csv", "json", "mlflow"), default="csv")
    export.add_argument(
        "--to", type=Path, metavar="DIR", help="mlflow's tracking folder; default: mlruns"
    )
    as_json(export)
    export.set_defaults(command="runs:export")


def _run(verbs: Verbs) -> None:
    run = verbs.add_parser("run", help="run a trial to its end, without the app")
    run.add_argument(
        "spec", nargs="?", metavar="SPEC", help="a trial file, or the name of a preset"
    )
    _settings(run)
    accept_new(run)
    run.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run that has ended before it was finished, from its last checkpoint",
    )
    run.add_argument("--run", metavar="RUN", help=argparse.SUPPRESS)
    run.add_argument("--linger", action="store_true", help=argparse.SUPPRESS)
    run.set_defaults(command="trial:run")


def _rerun(verbs: Verbs) -> None:
    rerun = _verb(verbs, "rerun", "run the same trial again, to its end", "RUN")
    _settings(rerun)
    accept_new(rerun)
    rerun.set_defaults(command="trial:rerun", linger=False, resume=None)


def _queue(verbs: Verbs) -> None:
    queue = verbs.add_parser(
        "queue", help="the trials that wait for their turn; with SPEC, put one at the end"
    )
    queue.add_argument("spec", nargs="?", metavar="SPEC", help="a trial file, or a preset's name")
    _settings(queue)
    accept_new(queue)
    queue.add_argument("--start", action="store_true", help="run all that wait, here, in turn")
    queue.set_defaults(command="queue:queue", linger=False, resume=None)


def _settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one key of the spec, as TOML writes it; may be given often",
    )
    parser.add_argument(
        "--seeds",
        metavar="N..M",
        help="once with each seed, such as 1..5 or 1,3,7; then the spread",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print where, by which ports and with which data"
    )
    data_folder(parser)
    as_json(parser)


def _replay(verbs: Verbs) -> None:
    replay = _verb(verbs, "replay", "tell a run's events again, at the pace they came", "RUN")
    replay.add_argument(
        "--speed", type=float, default=1.0, metavar="N", help="times as fast; 0 is at once"
    )
    as_json(replay)
    replay.set_defaults(command="replay:replay")


def _curate(verbs: Verbs) -> None:
    rename = _verb(verbs, "rename", "give a run a name, which stands for it in commands", "RUN")
    rename.add_argument("label", metavar="NAME", help="'' takes the name away")
    annotate = _verb(verbs, "annotate", "put a note on a run", "RUN")
    annotate.add_argument("note", metavar="NOTE", help="one line; '' takes it away")
    delete = verbs.add_parser("delete", help="delete runs with all their files; asks first")
    delete.add_argument("runs", nargs="+", metavar="RUN")
    delete.add_argument("--yes", action="store_true", help="ask nothing")
    for name, verb in (("rename", rename), ("annotate", annotate), ("delete", delete)):
        as_json(verb)
        verb.set_defaults(command=f"curate:{name}")


def _verb(verbs: Verbs, name: str, text: str, argument: str) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text)
    verb.add_argument("run", metavar=argument)
    return verb
