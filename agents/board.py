"""What a board is, from the output of one command: model, L4T, JetPack, TensorFlow. No IO here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgead.agents.protocol import one_line

# Read by head, not by a shell's own means: a login may be of any shell, a file of any size.
# /proc/device-tree is a link to the other one on a board, and missing on other machines.
FILES = (
    "/etc/nv_tegra_release",
    "/proc/device-tree/model",
    "/sys/firmware/devicetree/base/model",
    "/proc/sys/kernel/hostname",
)
# Pythons that have TensorFlow, found without running any; then images that are called after it.
PYTHONS = (
    'for path in "$HOME"/*/lib/python3*/site-packages "$HOME"/.*/lib/python3*/site-packages'
    ' "$HOME"/*/envs/*/lib/python3*/site-packages /opt/*/lib/python3*/site-packages'
    " /usr/local/lib/python3*/dist-packages /usr/lib/python3*/dist-packages; do"
    ' if [ -d "$path/tensorflow" ]; then case $path in'
    ' */dist-packages | "$HOME"/.local/*) echo python3 ;; *) echo "${path%/lib/*}/bin/python" ;;'
    " esac; fi; done | head -n 5"
)
IMAGES = (
    'timeout 3 docker images --format "{{.Repository}}:{{.Tag}}" 2>/dev/null'
    " | grep -i tensorflow | head -n 5"
)
MARK = "== "
COMMAND = "sh -c '{}'".format(  # one line, and nothing that some shell takes for its own
    "; ".join(
        f"echo; echo {MARK}{number}; {script}"
        for number, script in enumerate(
            [*(f"head -c 512 {file} 2>/dev/null" for file in FILES), PYTHONS, IMAGES]
        )
    )
)
OUTPUT_LIMIT = 8192  # bytes
TEXT_LIMIT = 120

# L4T releases and the JetPack each came with, from NVIDIA's JetPack archive.
JETPACKS = {
    "28.1": "3.1",
    "28.2": "3.2",
    "28.2.1": "3.3",
    "28.3.1": "3.3.1",
    "28.3.2": "3.3.2",
    "28.4": "3.3.3",
    "28.5": "3.3.4",
    "31.0.1": "4.0",
    "31.1": "4.1.1",
    "32.1": "4.2",
    "32.2": "4.2.1",
    "32.2.1": "4.2.2",
    "32.2.3": "4.2.3",
    "32.3.1": "4.3",
    "32.4.3": "4.4",
    "32.4.4": "4.4.1",
    "32.5": "4.5",
    "32.5.1": "4.5.1",
    "32.5.2": "4.5.1",
    "32.6.1": "4.6",
    "32.7.1": "4.6.1",
    "32.7.2": "4.6.2",
    "32.7.3": "4.6.3",
    "32.7.4": "4.6.4",
    "32.7.5": "4.6.5",
    "32.7.6": "4.6.6",
    "34.1": "5.0",
    "34.1.1": "5.0.1",
    "35.1": "5.0.2",
    "35.2.1": "5.1",
    "35.3.1": "5.1.1",
    "35.4.1": "5.1.2",
    "35.5": "5.1.3",
    "35.6": "5.1.4",
    "35.6.1": "5.1.5",
    "35.6.2": "5.1.5",
    "36.2": "6.0",
    "36.3": "6.0",
    "36.4": "6.1",
    "36.4.3": "6.2",
    "36.4.4": "6.2.1",
    "36.4.7": "6.2.1",
}
# For a release newer than the table: L4T's first number goes with JetPack's.
LINES = {"28": "3.x", "31": "4.x", "32": "4.x", "34": "5.x", "35": "5.x", "36": "6.x", "38": "7.x"}


@dataclass(frozen=True)
class Board:
    """What a host says it is; empty where it does not say. Without `l4t` it is no Jetson.

    `pythons` and `images` are those that seem to have TensorFlow.
    """

    hostname: str = ""
    model: str = ""
    l4t: str = ""
    pythons: tuple[str, ...] = ()
    images: tuple[str, ...] = ()

    @property
    def jetpack(self) -> str:
        """The JetPack of its L4T release; 5.x where only the line is known."""
        return jetpack_of(self.l4t)


def jetpack_of(l4t: str) -> str:
    """Give the JetPack that an L4T release came with.

    >>> jetpack_of("32.6.1"), jetpack_of("35.5.0"), jetpack_of("35.9.1"), jetpack_of("")
    ('4.6', '5.1.3', '5.x', '')
    """
    release = l4t.removesuffix(".0")
    return JETPACKS.get(release) or LINES.get(release.partition(".")[0], "")


def parse_board(output: str) -> Board:
    """Read what COMMAND prints. Whatever else is in it, it makes no error."""
    found: dict[str, str] = {}
    for section in f"\n{output}".split(f"\n{MARK}")[1:]:
        number, _, content = section.partition("\n")
        found.setdefault(number.strip(), content.strip("\0\n "))
    release, tree, base, hostname, pythons, images = (
        found.get(str(number), "") for number in range(len(FILES) + 2)
    )
    return Board(
        _text(hostname), _text(tree or base), _l4t(release), _words(pythons), _words(images)
    )


def _words(text: str) -> tuple[str, ...]:
    """Give the lines that are a path or an image's name, and nothing that could be more."""
    lines = dict.fromkeys(line.strip() for line in text.split("\n"))
    return tuple(line for line in lines if re.fullmatch(r"[\w/][\w./:@+-]{0,200}", line, re.ASCII))


def _l4t(text: str) -> str:
    match = re.match(r"# R(\d{1,3}) .{0,40}?REVISION: (\d{1,3}(?:\.\d{1,3})*)", text, re.ASCII)
    return f"{match[1]}.{match[2]}" if match else ""


def _text(text: str) -> str:
    """Make a text safe to show: one line, no control characters, bounded."""
    line = text.replace("\0", "").partition("\n")[0][:TEXT_LIMIT]
    return one_line(line)
