"""Finding and downloading: over a real HTTP server on loopback that fails as networks do."""

import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edgead.datasets import DatasetError, DatasetMissing, DatasetUnreachable, fetch, fetching, find
from edgead.datasets.sources import TEST, TRAIN, Original, missing

TEXTS = {
    "train": b"".join(b"train %d\n" % (n * n) for n in range(40_000)),
    "test": b"".join(b"test %d\n" % (n * n) for n in range(20_000)),
}
STORED = {f"{name}.gz": gzip.compress(text) for name, text in TEXTS.items()}


def original(name: str) -> Original:
    text = TEXTS[name]
    digest = hashlib.sha256(text).hexdigest()
    return Original((name,), digest, text.count(b"\n"), 0, len(text))


class Server(ThreadingHTTPServer):
    """Serves `files`; `cut` holds, for coming answers, after how many bytes each breaks off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(STORED)
        self.cut: list[int] = []
        self.ranges: list[str] = []
        self.resumes = True
        self.home = f"http://127.0.0.1:{self.server_port}/kdd/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers.get("Range", ""))
        data = self.server.files.get(self.path.rpartition("/")[2])
        if data is None:
            return self.send_error(404)
        start = int(self.headers["Range"][len("bytes=") : -1]) if self.server.resumes else 0
        if start >= len(data):
            return self.send_error(416)
        self.send_response(206 if self.server.resumes else 200)
        if self.server.resumes:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = start + self.server.cut.pop(0) if self.server.cut else len(data)
        self.wfile.write(data[start:end])
        return None

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setitem(fetching.ORIGINALS, "kdd99", (original("train"), original("test")))
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def no_progress(_name: str, _done: int, _total: int) -> None:
    pass


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_fetches_both_files(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    files = fetch("kdd99", tmp_path, lambda *step: seen.append(step), home=server.home)
    assert files.train.read_bytes() == STORED["train.gz"]
    assert files.test.read_bytes() == STORED["test.gz"]
    assert names(tmp_path) == ["test.gz", "train.gz"]
    for name, data in STORED.items():
        steps = [done for file, done, total in seen if file == name and total == len(data)]
        assert steps == sorted(steps)
        assert steps[-1] == len(data)


def test_files_that_are_there_are_not_asked_for(server: Server, tmp_path: Path) -> None:
    fetch("kdd99", tmp_path, no_progress, home=server.home)
    server.ranges.clear()
    fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert server.ranges == []


def test_a_broken_connection_is_taken_up_again(server: Server, tmp_path: Path) -> None:
    server.cut = [10_000, 7_000]
    files = fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert files.train.read_bytes() == STORED["train.gz"]
    assert server.ranges[:3] == ["bytes=0-", "bytes=10000-", "bytes=17000-"]


def test_a_server_that_cannot_resume_sends_it_whole(server: Server, tmp_path: Path) -> None:
    server.resumes, server.cut = False, [10_000]
    files = fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert files.train.read_bytes() == STORED["train.gz"]


def test_what_came_is_kept_for_the_next_time(server: Server, tmp_path: Path) -> None:
    server.cut = [1_000] * 3
    with pytest.raises(DatasetUnreachable, match=r"train\.gz: the connection ended after 3,000"):
        fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert names(tmp_path) == ["train.gz.part"]
    files = fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert server.ranges[3] == "bytes=3000-"
    assert files.train.read_bytes() == STORED["train.gz"]


@pytest.mark.parametrize("part", [b"another file's beginning", STORED["train.gz"] + b"x" * 99])
def test_a_part_of_another_file_is_thrown_away(server: Server, tmp_path: Path, part: bytes) -> None:
    (tmp_path / "kdd99").mkdir()
    (tmp_path / "kdd99" / "train.gz.part").write_bytes(part)
    files = fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert files.train.read_bytes() == STORED["train.gz"]
    assert names(tmp_path) == ["test.gz", "train.gz"]


def test_a_whole_part_needs_no_download(server: Server, tmp_path: Path) -> None:
    (tmp_path / "kdd99").mkdir()
    (tmp_path / "kdd99" / "train.gz.part").write_bytes(STORED["train.gz"])
    fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert server.ranges == ["bytes=0-"]  # the test file's


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (gzip.compress(TEXTS["train"].replace(b"81", b"18")), "expected sha256"),
        (gzip.compress(TEXTS["train"][:-12]), "expected 40,000 rows, got 39,999"),
        (gzip.compress(TEXTS["train"] + b"more\n"), "got more"),
        (STORED["train.gz"][:-9], "ends early"),
        (b"<html>Sign in to the network</html>", "expected 40,000 rows, got 0"),
    ],
    ids=["other bytes", "fewer rows", "more rows", "cut at the server", "a web page"],
)
def test_wrong_content_is_refused(server: Server, tmp_path: Path, wrong: bytes, said: str) -> None:
    server.files["train.gz"] = wrong
    with pytest.raises(DatasetError, match=said) as caught:
        fetch("kdd99", tmp_path, no_progress, home=server.home)
    assert "train.gz" in str(caught.value)
    assert names(tmp_path) == []


def test_missing_on_the_server(server: Server, tmp_path: Path) -> None:
    del server.files["test.gz"]
    with pytest.raises(DatasetUnreachable, match="answered 404"):
        fetch("kdd99", tmp_path, no_progress, home=server.home)


def test_no_server(server: Server, tmp_path: Path) -> None:
    home = server.home
    server.server_close()
    with pytest.raises(DatasetUnreachable, match="refused"):
        fetch("kdd99", tmp_path, no_progress, home=home)


def test_no_place_to_write(server: Server, tmp_path: Path) -> None:
    (tmp_path / "kdd99").write_text("a file, not a folder")
    with pytest.raises(DatasetError, match="cannot be written"):
        fetch("kdd99", tmp_path, no_progress, home=server.home)


@pytest.mark.parametrize("place", ["", "kdd99"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_finds_files(tmp_path: Path, place: str, ending: str) -> None:
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    for item in (TRAIN, TEST):
        (folder / f"{item.names[0]}{ending}").touch()
    found = find("kdd99", tmp_path)
    assert found == (folder / f"{TRAIN.names[0]}{ending}", folder / f"{TEST.names[0]}{ending}")


def test_half_a_dataset_is_none(tmp_path: Path) -> None:
    (tmp_path / TRAIN.names[0]).touch()
    assert find("kdd99", tmp_path) is None
    assert f"no {TEST.names[0]} " in missing("kdd99", tmp_path)
    assert TRAIN.names[0] not in missing("kdd99", tmp_path)


def test_unknown_dataset(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="expected one of kdd99"):
        fetch("nsl", tmp_path, no_progress)
    assert not issubclass(DatasetMissing, DatasetUnreachable)
