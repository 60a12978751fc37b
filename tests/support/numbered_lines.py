"""Lines of a stream for tests: numbered, and cut into pieces of any sizes."""

from edgead.datasets.lines import Line


def numbered(texts):
    return [Line(number, text) for number, text in enumerate(texts, 1)]


def in_pieces(data, sizes):
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]
