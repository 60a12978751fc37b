"""The command line: what may be said, and which command says how it goes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path

from edgead.console.arguments import Commands, accept_new, as_json
from edgead.console.errors import INTERRUPTED, ConsoleError
from edgead.console.fleet_commands import add_init, add_nodes
from edgead.console.output import say_error

EPILOG = """\
examples:
  edgead-console demo                      three nodes on this machine, two trials, the comparison
  edgead-console                           open the app
  edgead-console init 192.168.1.0/24       find the boards, write cluster.toml
  edgead-console nodes trust               check the boards' host keys, accept new ones
  edgead-console trial run trial.toml      run a trial here, without the app
  edgead-console trial run trial.toml --set seed=3 --json
  edgead-console compare T-001 T-002 --paper
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: one line on stderr for what goes wrong."""
    words = sys.argv[1:] if argv is None else list(argv)
    args = build_parser().parse_args(words)
    args.words = words  # for a command that says how to say it again
    try:
        # A command's packages are imported only when it is called: the app must paint at once.
        module, _, function = args.command.partition(":")
        code: int = getattr(import_module(f"edgead.console.commands.{module}"), function)(args)
        sys.stdout.flush()
        return code
    except ConsoleError as error:
        say_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0


def build_parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    parser = argparse.ArgumentParser(
        prog="edgead-console",
        description="Train anomaly detectors on a handful of edge boards, from one terminal. "
        "With no command, opens the app.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=metadata.version("edgead-console"))
    parser.add_argument(
        "--cluster",
        type=Path,
        metavar="FILE",
        help="the cluster file; else $EDGEAD_CLUSTER, ./cluster.toml, or three nodes embedded in "
        "this machine",
    )
    parser.set_defaults(command="app:open_app", data=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _demo(commands)
    add_init(commands)
    add_nodes(commands)
    _trial(commands)
    _compare(commands)
    _detect(commands)
    _dataset(commands)
    _bench(commands)
    return parser


def _demo(commands: Commands[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser(
        "demo",
        help="three embedded nodes, one centralised and one distributed trial, the comparison",
    )
    demo.add_argument("--headless", action="store_true", help="without the app")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    demo.add_argument("--epochs", type=int, default=10, metavar="N", help="default: 10")
    demo.add_argument("--preset", default="paper-kdd99", help="paper-kdd99 (the default) or kdd99")
    _data(demo)
    as_json(demo)
    demo.set_defaults(command="demo:demo")


def _trial(commands: Commands[argparse.ArgumentParser]) -> None:
    trial = commands.add_parser("trial", help="run, list, show, attach, stop, export")
    verbs = trial.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = verbs.add_parser("run", help="run a trial to its end, without the app")
    run.add_argument(
        "spec", nargs="?", metavar="SPEC", help="a trial file, or the name of a preset"
    )
    run.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one key of the spec, as TOML writes it; may be given often",
    )
    accept_new(run)
    run.add_argument(
        "--resume",
        metavar="RUN",
        help="go on with a run that has ended before it was finished, from its last checkpoint",
    )
    run.add_argument(
        "--dry-run", action="store_true", help="say which task would run where, start nothing"
    )
    run.add_argument("--run", metavar="RUN", help=argparse.SUPPRESS)
    run.add_argument("--linger", action="store_true", help=argparse.SUPPRESS)
    _data(run)
    as_json(run)
    run.set_defaults(command="trial:run")

    listing = verbs.add_parser("list", help="the stored runs")
    as_json(listing)
    listing.set_defaults(command="trial:list_runs")

    for name, text in (
        ("show", "one run: spec, tasks, scores, flags"),
        ("attach", "follow a running trial from its first event to its last"),
        ("stop", "stop a running trial"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("run", metavar="RUN")
        as_json(verb)
        verb.set_defaults(command=f"trial:{name}")

    export = verbs.add_parser("export", help="a run's epochs and scores as csv or json")
    export.add_argument("run", metavar="RUN")
    export.add_argument("--format", choices=("csv", "json"), default="csv")
    export.set_defaults(command="trial:export")


def _compare(commands: Commands[argparse.ArgumentParser]) -> None:
    compare = commands.add_parser("compare", help="runs side by side, and beside the paper")
    compare.add_argument("runs", nargs="+", metavar="RUN")
    compare.add_argument("--paper", action="store_true", help="beside the paper's tables")
    compare.add_argument("--format", choices=("text", "markdown", "csv", "json"), default="text")
    as_json(compare)
    compare.set_defaults(command="compare:compare")


def _detect(commands: Commands[argparse.ArgumentParser]) -> None:
    detect = commands.add_parser("detect", help="score new rows by a run's detector")
    detect.add_argument("run", metavar="RUN")
    detect.add_argument(
        "file",
        nargs="?",
        default="-",
        metavar="FILE",
        help="CSV in the format of the run's data set, or .gz of it; else, or with -, stdin",
    )
    detect.add_argument(
        "--all",
        action="store_true",
        help="a line for every row: also for one that can't be read or comes before the first "
        "whole window",
    )
    as_json(detect)
    detect.set_defaults(command="detect:detect")


def _dataset(commands: Commands[argparse.ArgumentParser]) -> None:
    dataset = commands.add_parser("dataset", help="list, fetch and check data sets")
    verbs = dataset.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, text in (
        ("list", "the data sets and whether they are here"),
        ("fetch", "download one from its public home"),
        ("check", "read one whole and hold it against what it should be"),
    ):
        verb = verbs.add_parser(name, help=text)
        if name != "list":
            verb.add_argument("name", metavar="NAME")
        _data(verb)
        as_json(verb)
        verb.set_defaults(command=f"dataset:{name}_data")


def _bench(commands: Commands[argparse.ArgumentParser]) -> None:
    bench = commands.add_parser(
        "bench", help="the paper's tables measured here: centralised, engine paper, engine fast"
    )
    bench.add_argument("--pairs", type=int, default=5, metavar="N", help="rounds; default: 5")
    bench.add_argument("--epochs", type=int, default=10, metavar="N", help="default: 10")
    bench.add_argument("--preset", default="paper-kdd99", help="default: paper-kdd99")
    bench.add_argument(
        "--lstm-rows",
        type=int,
        default=100_000,
        metavar="N",
        help="seconds of the series that the LSTM trains on; default: 100000",
    )
    bench.add_argument(
        "--scale",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also measure the cost of more rows, workers and windows",
    )
    bench.add_argument(
        "--report", type=Path, metavar="FILE", help="write it as a Markdown page too"
    )
    _data(bench)
    as_json(bench)
    bench.set_defaults(command="bench:bench")


def _data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder that holds kdd99/ and swat/; else $EDGEAD_DATA, else one of our own",
    )


if __name__ == "__main__":
    sys.exit(main())
