"""The command line: what may be said, and which command says how it goes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from edgead.console.errors import INTERRUPTED, ConsoleError
from edgead.console.output import say_error
from edgead.console.parser.arguments import Commands, as_json, data_folder
from edgead.console.parser.completion import SHELLS, complete
from edgead.console.parser.examples import add_examples
from edgead.console.parser.fleet_commands import add_init, add_nodes
from edgead.console.parser.trial_commands import add_trial


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: one line on stderr for what goes wrong."""
    words = sys.argv[1:] if argv is None else list(argv)
    parser = build_parser()
    complete(parser)
    args = parser.parse_args(words)
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
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.add_argument(
        "--cluster",
        type=Path,
        metavar="FILE",
        help="the cluster file; else $EDGEAD_CLUSTER, ./cluster.toml, or the one of our home; "
        "without any, trials run on three nodes embedded in this machine",
    )
    parser.add_argument(
        "--read-only", action="store_true", help="open the app to look only: it changes nothing"
    )
    parser.set_defaults(command="app:open_app", data=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _demo(commands)
    add_init(commands)
    add_nodes(commands)
    add_trial(commands)
    _compare(commands)
    _detect(commands)
    _dataset(commands)
    _bench(commands)
    _serve(commands)
    _completion(commands)
    add_examples(parser)
    return parser


class _Version(argparse.Action):
    """Prints the version; what knows it is not imported before it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib import metadata

        print(metadata.version("edgead-console"))
        parser.exit()


def _demo(commands: Commands[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser(
        "demo",
        help="three embedded nodes, one centralised and one distributed trial, the comparison",
    )
    demo.add_argument("--headless", action="store_true", help="without the app")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    demo.add_argument("--epochs", type=int, default=10, metavar="N", help="default: 10")
    demo.add_argument("--preset", default="paper-kdd99", help="paper-kdd99 (the default) or kdd99")
    data_folder(demo)
    as_json(demo)
    demo.set_defaults(command="demo:demo")


def _compare(commands: Commands[argparse.ArgumentParser]) -> None:
    compare = commands.add_parser("compare", help="runs side by side, and beside the paper")
    compare.add_argument("runs", nargs="+", metavar="RUN")
    compare.add_argument("--paper", action="store_true", help="beside the paper's tables")
    compare.add_argument(
        "--means", action="store_true", help="of runs that differ in the seed, the means alone"
    )
    compare.add_argument(
        "--format",
        choices=("text", "markdown", "csv", "json", "latex", "svg", "png"),
        default="text",
        help="tables; or, as svg or png, the loss curves overlaid (default: text)",
    )
    compare.add_argument("--linear", action="store_true", help="no logarithmic axis of the curves")
    compare.add_argument("--out", type=Path, metavar="FILE", help="write there, not to stdout")
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
        data_folder(verb)
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
    data_folder(bench)
    as_json(bench)
    bench.set_defaults(command="bench:bench")


def _serve(commands: Commands[argparse.ArgumentParser]) -> None:
    serve = commands.add_parser(
        "serve", help="the app in a browser, on this machine's loopback and by a token alone"
    )
    serve.add_argument(
        "--port", type=int, default=8000, metavar="N", help="default: 8000; 0 for a free one"
    )
    as_json(serve)
    serve.set_defaults(command="serve:serve")


def _completion(commands: Commands[argparse.ArgumentParser]) -> None:
    completion = commands.add_parser(
        "completion", help="what a shell is to read so that it completes our words"
    )
    completion.add_argument("shell", choices=SHELLS)
    completion.set_defaults(command="completion:completion")


if __name__ == "__main__":
    sys.exit(main())
