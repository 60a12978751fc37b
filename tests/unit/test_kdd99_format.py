"""Reading the KDD99 format: what is accepted, and what each kind of damage is called."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.datasets.diagnosis import diagnose
from edgead.datasets.errors import DatasetError, DatasetMissing
from edgead.datasets.kdd99 import read_table
from edgead.datasets.kdd99_columns import COLUMNS, FEATURES, LABELS, NUMBERS

ROWS = (
    {
        "protocol_type": "tcp",
        "service": "http",
        "flag": "SF",
        "src_bytes": "181",
        "label": "normal.",
    },
    {"protocol_type": "udp", "service": "domain_u", "flag": "SF", "label": "normal."},
    {"protocol_type": "icmp", "service": "ecr_i", "flag": "SF", "count": "511", "label": "smurf."},
    {
        "protocol_type": "tcp",
        "service": "http",
        "flag": "S0",
        "serror_rate": "0.97",
        "label": "back.",
    },
)


def line(values: dict[str, str]) -> str:
    return ",".join(values.get(column, "0") for column in COLUMNS)


def text(*rows: dict[str, str]) -> bytes:
    return "".join(line(row) + "\n" for row in rows or ROWS).encode()


def changed(column: str, field: str, row: int = 1) -> bytes:
    return text(*(dict(r, **{column: field}) if i == row else r for i, r in enumerate(ROWS)))


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def fault(path: Path, data: bytes) -> DatasetError:
    with pytest.raises(DatasetError) as caught:
        read_table(write(path, data))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return caught.value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_reads_columns_by_name(path: Path) -> None:
    table = read_table(write(path, text()))
    assert set(table.numbers) == set(NUMBERS)
    assert table.numbers["src_bytes"].tolist() == [181, 0, 0, 0]
    assert table.numbers["serror_rate"].dtype == np.float32
    assert table.attack.tolist() == [False, False, True, True]


def test_names_are_numbered_by_first_appearance(path: Path) -> None:
    table = read_table(write(path, text()))
    assert table.names["service"] == ("http", "domain_u", "ecr_i")
    assert table.codes["service"].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize(
    "same",
    [
        gzip.compress(text()),
        text().replace(b"\n", b"\r\n"),
        text().rstrip(b"\n"),
        text() + b"\n\r\n",
        text().replace(b".\n", b"\n"),
    ],
    ids=["gzip", "crlf", "no last newline", "blank lines at the end", "labels without stop"],
)
def test_equal_content_reads_equal(path: Path, same: bytes) -> None:
    plain, other = read_table(write(path, text())), read_table(write(path, same))
    assert other.names == plain.names
    assert np.array_equal(other.attack, plain.attack)
    assert all(np.array_equal(other.numbers[name], plain.numbers[name]) for name in NUMBERS)


def test_gzip_and_plain_have_one_digest(path: Path) -> None:
    plain = read_table(write(path, text())).digest
    assert read_table(write(path, gzip.compress(text()))).digest == plain


@pytest.mark.parametrize("field", ["", "abc", "nan", "inf", "-1", "1e39", "1e400", "0x1", "1\0"])
def test_bad_number_names_line_and_column(path: Path, field: str) -> None:
    error = fault(path, changed("dst_bytes", field))
    assert (error.path, error.line, error.column) == (path, 2, "dst_bytes")
    assert "expected a number of 0 or more" in str(error)


@pytest.mark.parametrize("field", ["", "12", '"http', "\x1b[31m", "x" * 300])
def test_bad_name_is_escaped_and_short(path: Path, field: str) -> None:
    error = fault(path, changed("service", field))
    assert (error.line, error.column) == (2, "service")
    assert "\x1b" not in str(error)
    assert len(str(error)) < len(str(path)) + 150


def test_unknown_label(path: Path) -> None:
    error = fault(path, changed("label", "fine."))
    assert (error.line, error.column) == (2, "label")


@pytest.mark.parametrize("row", [0, 1, 3])
@pytest.mark.parametrize(("extra", "columns"), [(",7", 43), (None, 41)])
def test_wrong_number_of_columns(path: Path, row: int, extra: str | None, columns: int) -> None:
    lines = [line(r) for r in ROWS]
    lines[row] = lines[row] + extra if extra else lines[row][2:]
    error = fault(path, "".join(one + "\n" for one in lines).encode())
    assert error.line == row + 1
    assert f"expected 42 comma-separated columns, got {columns}" in str(error)


def test_every_line_with_one_column_more(path: Path) -> None:
    assert fault(path, text().replace(b"\n", b",21\n")).line == 1


def test_blank_line_in_between(path: Path) -> None:
    error = fault(path, text() + b"\n" + text())
    assert error.line == 5
    assert "an empty line" in str(error)


@pytest.mark.parametrize("cut", [3, 30, 60])
def test_last_line_cut(path: Path, cut: int) -> None:
    error = fault(path, text()[:-cut])
    assert error.line == 4
    assert "the file ends inside this line" in str(error)


def test_no_label_begins_another() -> None:
    assert not [(a, b) for a in LABELS for b in LABELS if a != b and b.startswith(a)]


def test_gzip_cut(path: Path) -> None:
    whole = gzip.compress(text())
    assert "the gzip data ends early" in str(fault(path, whole[:-20]))
    assert "after 4 whole lines" in str(fault(path, whole[:-4]))


def test_gzip_damaged(path: Path) -> None:
    whole = gzip.compress(text())
    assert "damaged" in str(fault(path, whole[:-8] + b"\0" * 8))
    assert "damaged" in str(fault(path, whole + b"trailing"))


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n", gzip.compress(b"")])
def test_empty_file(path: Path, data: bytes) -> None:
    assert "empty" in str(fault(path, data))


@pytest.mark.parametrize(
    "data", [b"<html>\n<body>Not found</body>", bytes(range(256)) * 50, b"a,b,c\n1,2,3\n"]
)
def test_something_else(path: Path, data: bytes) -> None:
    assert fault(path, data).line == 1


def test_header_line(path: Path) -> None:
    error = fault(path, ",".join(COLUMNS).encode() + b"\n" + text())
    assert (error.line, error.column) == (1, "duration")


def test_more_names_than_a_category_has(path: Path) -> None:
    rows = [dict(ROWS[0], service=f"s{number}") for number in range(256)]
    assert "service" in str(fault(path, text(*rows)))


def test_missing_and_unreadable(tmp_path: Path) -> None:
    with pytest.raises(DatasetMissing, match="no such file"):
        read_table(tmp_path / "none")
    with pytest.raises(DatasetError, match="cannot be read"):
        read_table(tmp_path)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_one_way(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "fuzz", data)
    with pytest.raises(DatasetError):
        read_table(path)


@given(
    st.sampled_from(COLUMNS),
    st.text(st.characters(codec="utf-8", exclude_characters=",\n\r"), max_size=8),
)
def test_any_field_is_read_or_refused_by_line_and_column(
    tmp_path_factory: pytest.TempPathFactory, column: str, field: str
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "fuzz", changed(column, field))
    try:
        table = read_table(path)
    except DatasetError as error:
        assert (error.line, error.column) == (2, column)
    else:
        assert len(table.attack) == len(ROWS)
        assert all(np.isfinite(values).all() for values in table.numbers.values())


def test_good_text_has_no_fault() -> None:
    assert diagnose(text()) is None
    assert len(FEATURES) == 41
