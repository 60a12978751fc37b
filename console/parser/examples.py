"""Examples for every command, as its --help shows them, and the rest of what a man page has."""

from __future__ import annotations

import argparse

PROGRAM = "edgead-console"

# By command; a line each: what to type after the program's name, and what it is for.
EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("demo", "three nodes on this machine, two trials, the comparison"),
        ("", "open the app"),
        ("init 192.168.1.0/24", "find the boards, write cluster.toml"),
        ("nodes trust", "check the boards' host keys, accept new ones"),
        ("trial run trial.toml", "run a trial here, without the app"),
        ("trial run kdd99 --set seed=3 --json", "a preset, one key changed, events as JSON lines"),
        ("compare T-001 T-002 --paper", "two runs beside the paper's tables"),
        ("serve", "the app in a browser on this machine"),
    ),
    "demo": (
        ("demo", "in the app"),
        ("demo --headless --json", "without it: events, results and comparison as JSON lines"),
        ("demo --preset kdd99 --epochs 20", "our more accurate preset, for longer"),
    ),
    "init": (
        ("init", "search this machine's own networks"),
        ("init 192.168.1.0/24 --user nvidia --out lab.toml", "one network, as user nvidia"),
    ),
    "nodes": (
        ("nodes", "the nodes of the cluster file"),
        ("nodes check", "every check of every node"),
        ("nodes watch", "live telemetry"),
    ),
    "nodes list": (("nodes list --json", "for scripts"),),
    "nodes discover": (("nodes discover 192.168.1.0/24", "who answers SSH there"),),
    "nodes trust": (("nodes trust xavier-1", "look at one node's key, and accept it"),),
    "nodes check": (
        ("nodes check", "every node"),
        ("nodes check xavier-1 --fix", "one node, and mend what can be mended safely"),
    ),
    "nodes watch": (
        ("nodes watch", "a table, once a second"),
        ("nodes watch xavier-1 --json --count 60", "a minute of one node, a line a sample"),
    ),
    "nodes power": (
        ("nodes power", "the modes that are set"),
        ("nodes power xavier-1 xavier-2 MAXN --clocks pin", "set one, with clocks at their most"),
    ),
    "nodes container": (
        ("nodes container start", "on every node that has an image"),
        ("nodes container logs xavier-2 --lines 20", "its last lines"),
    ),
    "nodes container list": (("nodes container list", "how they are"),),
    "nodes container start": (("nodes container start --dry-run", "what would be run"),),
    "nodes container stop": (("nodes container stop xavier-2", "end and remove it"),),
    "nodes container restart": (("nodes container restart", "with the cluster file's image"),),
    "nodes container logs": (("nodes container logs xavier-2", "its last 100 lines"),),
    "nodes container stats": (("nodes container stats", "what they use"),),
    "nodes container pull": (("nodes container pull", "fetch the images"),),
    "nodes container load": (("nodes container load --file image.tar", "send one from here"),),
    "nodes container prune": (("nodes container prune", "remove what is left of ours"),),
    "nodes image": (("nodes image build", "build TensorFlow's image on each node"),),
    "nodes image build": (("nodes image build xavier-1", "on one node"),),
    "trial": (
        ("trial run kdd99", "train a preset on the cluster"),
        ("trial list", "what was trained"),
        ("trial show T-001", "one of them"),
    ),
    "trial run": (
        ("trial run kdd99", "a preset: kdd99, paper-kdd99, paper-swat"),
        ("trial run trial.toml --set workers=2 --set seed=3", "a file, and two keys over it"),
        ("trial run paper-kdd99 --set strategy=central", "centralised, on this machine"),
        ("trial run kdd99 --json", "events as JSON lines, the last of kind result"),
    ),
    "trial rerun": (("trial rerun T-001", "the same trial again"),),
    "trial queue": (
        ("trial queue", "what waits"),
        ("trial queue --start", "run it, one after the other"),
    ),
    "trial replay": (("trial replay T-001 --speed 10", "its log again, ten times as fast"),),
    "trial rename": (("trial rename T-001 baseline", "a name of its own"),),
    "trial annotate": (("trial annotate T-001 'with a fan'", "a note"),),
    "trial delete": (("trial delete T-003 T-004 --yes", "and ask nothing"),),
    "trial list": (("trial list --json", "one object a run"),),
    "trial show": (("trial show T-001", "spec, tasks, energy, scores, flags"),),
    "trial attach": (("trial attach T-001", "from its first event to its last"),),
    "trial stop": (("trial stop T-001", "and wait until it has"),),
    "trial export": (
        ("trial export T-001 --format csv", "its epochs"),
        ("trial export T-001 --format json", "result, spec and every event"),
        ("trial export T-001 --format mlflow --to mlruns", "a run in MLflow's file store"),
    ),
    "compare": (
        ("compare T-001 T-002 --paper", "side by side, and beside the paper"),
        ("compare T-001 T-002 T-003 --means --paper", "runs of several seeds: mean and spread"),
        ("compare T-001 T-002 --paper --format latex --out tables.tex", "tables for a paper"),
        ("compare T-001 T-002 --format svg --out figure.svg", "the loss curves overlaid"),
    ),
    "detect": (
        ("detect T-001 new.csv", "row, score and verdict"),
        ("detect T-001 --json", "rows on stdin, scored as they come"),
    ),
    "dataset": (("dataset list", "what there is, and what is here"),),
    "dataset list": (("dataset list --json", "for scripts"),),
    "dataset fetch": (("dataset fetch kdd99", "download it"),),
    "dataset check": (("dataset check kdd99 --data /data", "read it whole"),),
    "bench": (
        ("bench --pairs 1 --no-scale", "once, and quickly"),
        ("bench --report performance.md", "five rounds, and a page of the outcome"),
    ),
    "serve": (
        ("serve", "on port 8000 of this machine's loopback"),
        ("--cluster lab.toml serve --port 0", "another cluster, on a free port"),
    ),
    "completion": (
        ("completion bash", 'for bash: eval "$(edgead-console completion bash)" in ~/.bashrc'),
        ("completion fish", "for fish: into ~/.config/fish/completions/edgead-console.fish"),
    ),
}

ENDING = """\
environment:
  EDGEAD_CLUSTER   the cluster file, where --cluster is not given
  EDGEAD_DATA      the folder of the data sets, where --data is not given
  EDGEAD_HOME      the folder of runs, cache and downloaded data
  NO_COLOR         no colours

files:
  cluster.toml     the nodes; looked for in the working folder
  runs/T-001/      a run: spec.toml, events.jsonl, model.keras, detector.json, tensorboard/

exit codes:
  0 done   1 the trial failed   2 wrong use or wrong file   3 something can't be reached
  130 interrupted

Each command has its own --help, with examples.
"""


def add_examples(parser: argparse.ArgumentParser, command: str = "") -> None:
    """Give a parser, and every command under it, its examples as the end of its help."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    lines = [f"{PROGRAM} {words}".rstrip() for words, _ in EXAMPLES.get(command, ())]
    width = max(map(len, lines), default=0)
    said = [what for _, what in EXAMPLES.get(command, ())]
    shown = [f"  {line:<{width}}  {what}" for line, what in zip(lines, said, strict=True)]
    parser.epilog = "\n".join(["examples:", *shown, *(["", ENDING] if not command else [])])
    for name, sub in commands_of(parser).items():
        if sub.description is None:
            sub.description = _help_of(parser, name)
        add_examples(sub, f"{command} {name}".strip())


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Give the commands right under a parser."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def _help_of(parser: argparse.ArgumentParser, name: str) -> str:
    """Give the line that a command's parent says of it, as a sentence."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                if choice.dest == name and choice.help:
                    return choice.help[0].upper() + choice.help[1:] + "."
    return ""
