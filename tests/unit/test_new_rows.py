"""New rows: coders as plain data, lines of a stream, rows of KDD99 and SWaT."""

import gzip
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numbered_lines import in_pieces, numbered

from edgead.datasets import DatasetError, coding
from edgead.datasets.kdd99_columns import CATEGORIES, FEATURES, NUMBERS
from edgead.datasets.lines import LONGEST, Line, Lines
from edgead.datasets.loading import split
from edgead.datasets.rows import read_rows, row_format
from edgead.datasets.swat_columns import TAGS
from edgead.datasets.synthetic import synthetic_table

TRAIN = synthetic_table(400, 1)
CODERS = {name: learn(TRAIN, split(TRAIN).train) for name, learn in coding.CODINGS.items()}
GOOD = "0,tcp,http,SF," + ",".join(["1"] * 37)
names = st.one_of(
    st.sampled_from(["tcp", "http", "SF"]), st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
)


def through_json(mapping):
    return json.loads(json.dumps(mapping))


def rows_of(table):
    """A table's rows as lines of text."""
    for row in range(len(table.attack)):
        fields = {c: table.names[c][table.codes[c][row]] for c in CATEGORIES}
        fields |= {c: repr(float(table.numbers[c][row])) for c in NUMBERS}
        yield ",".join(fields[column] for column in FEATURES)


# -- coders


@pytest.mark.parametrize("name", coding.CODINGS)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), unseen=names)
def test_a_coder_read_back_codes_bit_for_bit_the_same(name, seed, unseen):
    table = synthetic_table(50, seed)
    table = table._replace(names={**table.names, "service": (unseen, *table.names["service"][1:])})
    read = coding.read_coder(through_json(CODERS[name].to_mapping()))
    rows = np.arange(50)
    assert list(read.features) == list(CODERS[name].features)
    assert read.code(table, rows).tobytes() == CODERS[name].code(table, rows).tobytes()


def test_a_mapping_is_small():
    assert len(json.dumps(CODERS["full"].to_mapping())) < 20_000


def test_a_mapping_says_enough_to_code_a_row_by_hand():
    mapping, row = through_json(CODERS["full"].to_mapping()), next(rows_of(TRAIN)).split(",")
    coded = []
    for feature in mapping["features"]:
        field = row[mapping["columns"].index(feature["column"])]
        if "values" in feature:
            coded.append(feature["values"].get(field, feature["else"]))
        else:
            number = math.log1p(float(field)) if feature["log"] else float(field)
            coded.append((number - feature["low"]) / feature["span"])
    assert coded == pytest.approx(CODERS["full"].code(TRAIN, np.arange(1))[0].tolist(), rel=1e-5)


def damage(key, value):
    mapping = through_json(CODERS["full"].to_mapping())
    *path, last = key
    target = mapping
    for step in path:
        target = target[step]
    target[last] = value
    return mapping


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (["kind"], "pickle", "kind: expected by-column"),
        (["columns"], ["duration"], "columns: expected the 41 columns"),
        (["features"], [], "features: expected a list"),
        (["features", 0], 7, "expected a name in number 1"),
        (["features", 1, "name"], "duration", "'duration' is there twice"),
        (["features", 0, "span"], 0, "'duration': span: expected a number above 0"),
        (["features", 0, "low"], float("nan"), "'duration': low: expected a number"),
        (["features", 0, "low"], 10**400, "'duration': low: expected a number"),
        (["features", 0, "log"], "yes", "'duration': log: expected true or false"),
        (["features", 0, "column"], "service", "column: expected one of KDD99's columns"),
        (["features", 50, "values"], {"http": "1"}, "values: expected a number"),
        (["features", 50, "values"], {str(n): 1 for n in range(300)}, "at most 255 names"),
        (["features", 50, "else"], None, "else: expected a number"),
    ],
)
def test_what_is_no_coder_is_told_in_one_line(key, value, said):
    with pytest.raises(ValueError, match="coder: ") as told:
        coding.read_coder(damage(key, value))
    assert said in str(told.value)
    assert "\n" not in str(told.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FEATURE_KEYS = ["name", "column", "values", "else", "low", "span", "log"]


@given(
    st.lists(st.dictionaries(st.sampled_from(FEATURE_KEYS), anything), max_size=3),
    st.dictionaries(st.sampled_from(["tags", "low", "high"]), anything),
)
def test_a_hostile_mapping_is_a_value_error_or_a_coder(features, ends):
    refused(lambda: row_format({"kind": coding.KIND, "columns": [*FEATURES], "features": features}))
    refused(lambda: row_format({"kind": "min-max", **ends}))


def refused(make):
    """Make it, or be refused in one line."""
    try:
        make()
    except ValueError as error:
        assert "\n" not in str(error)


# -- lines


def cut(pieces):
    lines = Lines()
    found = [line for piece in pieces for some in lines.feed(piece) for line in some]
    return found + lines.end()


@given(
    st.lists(st.text(alphabet="ab,é1. ", max_size=12), max_size=12),
    st.lists(st.integers(0, 7), max_size=30),
    st.sampled_from(["plain", "gzip", "two gzips"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_lines_are_the_same_however_they_come(texts, sizes, way, ending):
    data = ending.join(texts).encode()
    half = len(data) // 2
    packed = {
        "plain": data,
        "gzip": gzip.compress(data),
        "two gzips": gzip.compress(data[:half]) + gzip.compress(data[half:]),
    }[way]
    wanted = [Line(n, text.strip()) for n, text in enumerate(texts, 1) if text.strip()]
    assert cut(in_pieces(packed, sizes)) == wanted


def test_gzip_that_is_cut_or_damaged_is_told():
    packed = gzip.compress(b"1,2\n" * 5000)
    with pytest.raises(DatasetError, match="ends early, after"):
        cut([packed[:-9]])
    with pytest.raises(DatasetError, match="damaged after"):
        cut([packed[:20] + b"\xff" * 40 + packed[60:]])


def test_a_line_without_an_end_is_bounded():
    lines = Lines()
    for _ in range(100):
        assert [line for some in lines.feed(b"1" * LONGEST) for line in some] == []
    [[line]] = lines.feed(b"\n")
    assert len(line.text) == LONGEST


def test_what_is_packed_small_is_unpacked_a_piece_at_a_time():
    packed = gzip.compress(b"1" * (64 << 20))
    assert len(list(Lines().feed(packed))) >= 64


# -- rows of KDD99


@pytest.mark.parametrize("name", coding.CODINGS)
def test_rows_of_text_are_coded_as_the_file_was(name):
    table = synthetic_table(60, 5)
    form = row_format(CODERS[name].to_mapping())
    rows = read_rows(form, numbered(rows_of(table)))
    assert rows.numbers == list(range(1, 61))
    assert rows.x.tobytes() == CODERS[name].code(table, np.arange(60)).tobytes()
    assert rows.faults == []
    assert form.features == tuple(CODERS[name].features)


@pytest.mark.parametrize(
    ("label", "attack"),
    [("", None), (",normal.", False), (",normal", False), (",smurf.", True), (",new_one", True),
     (",", None), (",?", None), (",12", None)],
)  # fmt: skip
def test_the_label_is_optional(label, attack):
    rows = read_rows(row_format(CODERS["paper"].to_mapping()), [Line(1, GOOD + label)])
    assert rows.attacks == [attack]
    assert rows.faults == []


def test_an_unknown_category_is_scored_as_unseen():
    texts = [GOOD.replace("http", "gopher_2"), GOOD.replace("tcp", "sctp")]
    rows = read_rows(row_format(CODERS["paper"].to_mapping()), numbered(texts))
    assert rows.faults == []
    assert rows.x[0, 1] == len(TRAIN.names["service"])
    assert rows.x[1, 0] == len(TRAIN.names["protocol_type"])


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("1,2,3", None, "expected 41 comma-separated columns, or one more with the label, got 3"),
        (GOOD + ",normal.,21", None, "got 43"),
        (GOOD.replace("0,tcp", "x,tcp"), "duration", "expected a number of 0 or more, got 'x'"),
        (GOOD.replace("0,tcp", "-1,tcp"), "duration", "expected a number of 0 or more, got '-1'"),
        (GOOD.replace("0,tcp", "nan,tcp"), "duration", "got 'nan'"),
        (GOOD.replace("0,tcp", "1_0,tcp"), "duration", "got '1_0'"),
        (GOOD.replace("0,tcp", "1e39,tcp"), "duration", "got '1e39'"),
        (GOOD.replace("http", "\x1b[2J"), "service", "expected a name such as tcp"),
        (GOOD.replace("http", ""), "service", "got ''"),
    ],
)
def test_a_bad_row_says_where_and_what(text, column, said):
    form = row_format(CODERS["paper"].to_mapping())
    rows = read_rows(form, [Line(7, text), Line(8, GOOD)])
    [fault] = rows.faults
    assert (fault.line, fault.column) == (7, column)
    assert said in fault.message
    assert fault.message.isprintable()
    assert rows.numbers == [8]


@given(st.lists(st.text(max_size=6), min_size=41, max_size=42))
def test_any_text_is_a_row_or_a_fault(fields):
    text = ",".join(fields)
    rows = read_rows(row_format(CODERS["full"].to_mapping()), [Line(1, text)])
    assert len(rows.x) + len(rows.faults) == 1
    assert np.isfinite(rows.x).all()


# -- rows of SWaT

SWAT = {"kind": "min-max", "tags": ["LIT101", "FIT101"], "low": [100, 0], "high": [300, 2]}
VALUES = dict.fromkeys(TAGS, "7.5") | {"LIT101": "200.0", "FIT101": "2.5"}
HEADER = [" Timestamp", *(f" {tag}" for tag in TAGS), "Normal/Attack"]


def swat_line(time="", label="", separator=","):
    comma = "," if separator == ";" else "."
    fields = [value.replace(".", comma) for value in VALUES.values()]
    return separator.join([*([time] if time else []), *fields, *([label] if label else [])])


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize(
    ("time", "label", "attack"),
    [
        ("", "", None),
        (" 28/12/2015 10:00:00 AM", "", None),
        ("", "Attack", True),
        ("28/12/2015 10:00:00 AM", "Normal", False),
        ("28/12/2015 10:00:00 AM", "A ttack", True),
    ],
)
def test_swat_rows_with_and_without_time_label_and_header(time, label, attack, separator):
    names = HEADER[not time : None if label else -1]
    stages = separator.join(["", "P1", "", "P2"])
    header = separator.join(names)
    line = swat_line(time, label, separator)
    for lines in ([line, line], [header, line, line], [stages, header, line, line]):
        rows = read_rows(row_format(SWAT), numbered(lines))
        assert rows.x.tolist() == [[0.5, 1.25], [0.5, 1.25]]
        assert rows.attacks == [attack, attack]
        assert rows.numbers == [len(lines) - 1, len(lines)]
        assert rows.faults == []


def test_swat_columns_in_another_order_are_found_by_name():
    rows = read_rows(row_format(SWAT), numbered(["FIT101,Other,LIT101", "1,x,150"]))
    assert rows.x.tolist() == [[0.25, 0.5]]


def test_a_swat_header_without_a_needed_column_is_told():
    with pytest.raises(DatasetError, match="expected a column FIT101"):
        read_rows(row_format(SWAT), numbered(["LIT101,LIT301", "1,2"]))


@pytest.mark.parametrize(
    ("line", "column", "said"),
    [
        (swat_line().replace("200.0", "Bad Input"), "LIT101", "a number, got 'Bad Input'"),
        (swat_line().replace("200.0", "nan"), "LIT101", "a number, got 'nan'"),
        ("1,2,3", None, "expected 51 tags, with time and label or without, got 3 columns"),
    ],
)
def test_a_bad_swat_row_says_where_and_what(line, column, said):
    [fault] = read_rows(row_format(SWAT), [Line(1, swat_line()), Line(2, line)]).faults
    assert (fault.line, fault.column) == (2, column)
    assert said in fault.message
