"""SWaT files in all the forms people have, the coding learned from them, and the made-up plant."""

import gzip
from datetime import datetime

import numpy as np
import openpyxl
import pytest

from edgead.datasets import DatasetError, DatasetUnreachable, Window, check, fetch, find, load
from edgead.datasets.plant import plant_series
from edgead.datasets.swat import as_csv, read_series
from edgead.datasets.swat_coding import MinMax
from edgead.datasets.swat_columns import LABEL, TAGS

# Sensors hold numbers; the others what a pump (1 off, 2 on) or a valve (0 moving, 1 closed, 2 open)
# does.
SENSORS = tuple(tag for tag in TAGS if tag.startswith(("FIT", "LIT", "AIT", "DPIT", "PIT")))
NORMAL = plant_series(3000, 1, attacked=False)
ATTACKED = plant_series(3000, 2, attacked=True)


def lines_of(series):
    return list(as_csv(series))


def write(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def stages(lines):
    return [",P1" + "," * 50 + ",\n", *lines]


def blanks(lines):
    head = lines[0]
    for tag in ("MV101", "AIT201", "MV201", "P201", "P202", "P204", "MV303"):
        head = head.replace(f",{tag},", f", {tag},")
    return [head, *lines[1:]]


def split_labels(lines):
    return [line.replace(",Attack", ",A ttack") for line in lines]


def semicolons(lines):
    return [line.replace(",", ";").replace(".", ",") for line in lines]


def crlf(lines):
    return [("\ufeff" if i == 0 else "") + line[:-1] + "\r\n" for i, line in enumerate(lines)]


@pytest.mark.parametrize("quirk", [list, stages, blanks, split_labels, semicolons, crlf])
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_csv_in_all_its_forms(tmp_path, quirk, name):
    found = read_series(write(tmp_path / name, quirk(lines_of(ATTACKED))))
    assert np.allclose(found.values, ATTACKED.values, rtol=1e-6)
    assert (found.attack == ATTACKED.attack).all()
    assert found.attack.any()
    assert len(found.digest) == 64


@pytest.mark.parametrize("with_stages", [True, False])
def test_workbooks(tmp_path, with_stages):
    book = openpyxl.Workbook()
    sheet = book.active
    if with_stages:
        sheet.append([None, "P1"])
    sheet.append([" Timestamp", *(f" {tag}" for tag in TAGS), LABEL])
    for i in range(50):
        time = datetime(2015, 12, 28, 10, 0, i) if i % 2 else f" 28/12/2015 10:00:{i:02} AM"
        label = "A ttack" if i % 5 == 0 else "Normal"
        sheet.append([time, *map(float, NORMAL.values[i]), label])
    sheet.append([None] * 53)
    book.save(tmp_path / "a.xlsx")
    found = read_series(tmp_path / "a.xlsx")
    assert np.allclose(found.values, NORMAL.values[:50])
    assert found.attack.tolist() == [i % 5 == 0 for i in range(50)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: [], "expected SWaT's column names"),
        (lambda x: x[:1], "the file has no rows"),
        (lambda x: [x[0].replace("LIT101", "LIT999"), *x[1:]], "expected a column LIT101"),
        (lambda x: [*x[:4], x[4].replace("Normal", "Odd"), *x[5:]], "line 5, column Normal/Attack: "
         "expected Normal or Attack, got 'Odd'"),
        (lambda x: [*x[:2], x[2].replace(",1,", ",Bad Input,", 1), *x[3:]], "got 'Bad Input'"),
        (lambda x: [*x[:2], x[2].replace(",1,", ",nan,", 1), *x[3:]], "expected a number, got 'na"),
        (lambda x: [*x[:3], "28/12/2015,1\n"], "line 4, column LIT101: expected a number, got not"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_line_and_column(tmp_path, change, said):
    with pytest.raises(DatasetError, match=said):
        read_series(write(tmp_path / "a.csv", change(lines_of(NORMAL)[:20])))


def test_a_bad_workbook_is_told(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(DatasetError, match="not readable as a workbook"):
        read_series(tmp_path / "a.xlsx")
    book = openpyxl.Workbook()
    book.active.append([*TAGS, LABEL])
    book.active.append([*([1] * 50), "Bad Input", "Normal"])
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(DatasetError, match="line 2, column P603: expected a number, got 'Bad Inpu"):
        read_series(tmp_path / "b.xlsx")


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "swat" / "SWaT_Dataset_Normal_v1.csv", stages(lines_of(NORMAL)))
    write(tmp_path / "swat" / "SWaT_Dataset_Attack_v0.csv.gz", blanks(lines_of(ATTACKED)))
    return tmp_path


def test_loading_learns_from_the_normal_file_alone(folder, tmp_path):
    data = load("swat", "paper", folder, tmp_path / "cache")
    again = load("swat", "paper", folder, tmp_path / "cache")
    assert list((tmp_path / "cache").glob("swat-*.npz"))
    assert data.digest == again.digest
    assert (data.train == again.train).all()
    assert not data.synthetic
    assert data.window == Window(26, 20)
    constant = {tag for i, tag in enumerate(TAGS) if np.ptp(NORMAL.values[:, i]) == 0}
    assert {"P202", "P401", "P404", "P502", "P601", "P603"} <= constant
    assert set(data.features) == set(TAGS) - constant
    normal = np.concatenate([data.train, data.validation.x])
    assert len(data.train) == 2400
    assert normal.min() == 0
    assert normal.max() == 1
    assert data.test.x.max() > 1  # attacks go beyond
    assert len(data.validation.y) == data.count("validation") == 600 - 500
    assert not data.validation.y.any()
    assert (data.test.y == ATTACKED.attack[500:]).all()
    assert MinMax.read(data.coder).tags == data.features


def test_v1_comes_before_v0_and_either_will_do(folder):
    write(folder / "swat" / "SWaT_Dataset_Normal_v0.csv", lines_of(NORMAL))
    assert find("swat", folder).train.name == "SWaT_Dataset_Normal_v1.csv"
    (folder / "swat" / "SWaT_Dataset_Normal_v1.csv").unlink()
    assert find("swat", folder).train.name == "SWaT_Dataset_Normal_v0.csv"
    (folder / "swat" / "SWaT_Dataset_Normal_v0.csv").unlink()
    assert find("swat", folder) is None
    with pytest.raises(DatasetUnreachable, match=r"no SWaT_Dataset_Normal_v1.csv .*iTrust"):
        fetch("swat", folder, lambda *_: None)


def test_a_check_counts_rows(folder):
    report = check("swat", folder)
    assert not report.ok
    assert [file.verdict for file in report.files] == ["other", "other"]
    assert "the original has 449,919, 395,298 of them normal" in report.files[1].detail


def test_windows_are_every_twentieth_row():
    data = load("swat", "paper", None, None, synthetic=True, made_up=3000)
    [window] = data.take("train", np.array([7]))
    assert window.shape == (26, len(data.features))
    assert (window == data.train[7 : 7 + 501 : 20]).all()


def test_rows_are_the_first_or_all_over_and_over():
    data, short, long = (
        load("swat", "paper", None, None, synthetic=True, made_up=3000, rows=rows)
        for rows in (0, 700, 4000)
    )
    assert (short.train == data.train[:700]).all()
    assert (long.train[2400:4000] == data.train[:1600]).all()
    assert len({each.digest for each in (data, short, long)}) == 3


def test_fewer_rows_than_a_window_are_told():
    with pytest.raises(DatasetError, match=r"rows: expected 501 or more, .* got 100"):
        load("swat", "paper", None, None, synthetic=True, rows=100)


def test_a_series_shorter_than_a_window_is_told(folder):
    write(folder / "swat" / "SWaT_Dataset_Normal_v1.csv", lines_of(NORMAL)[:2000])
    with pytest.raises(DatasetError, match="the normal file is too short"):
        load("swat", "paper", folder, None)
    write(folder / "swat" / "SWaT_Dataset_Normal_v1.csv", lines_of(NORMAL))
    write(folder / "swat" / "SWaT_Dataset_Attack_v0.csv.gz", lines_of(ATTACKED)[:300])
    with pytest.raises(DatasetError, match="attack file is too short: a window is 501 rows"):
        load("swat", "paper", folder, None)


def test_the_plant_is_the_same_for_a_seed_and_couples_its_tags():
    again = plant_series(3000, 2, attacked=True)
    assert (again.values == ATTACKED.values).all()
    assert again.digest == ATTACKED.digest
    assert (plant_series(3000, 3, attacked=True).values != ATTACKED.values).any()
    value = dict(zip(TAGS, NORMAL.values.T, strict=True))
    for tag in TAGS:
        if tag not in SENSORS:
            assert set(value[tag]) <= ({0, 1, 2} if tag.startswith("MV") else {1, 2})
    flowing = value["FIT101"] > 1
    assert (value["MV101"][flowing] != 1).all()
    lifted = (value["P101"] == 2) | (value["P102"] == 2)
    assert (value["FIT201"][lifted] > 2).all()
    assert (value["FIT201"][~lifted] < 0.1).all()
    rising = np.diff(value["LIT101"][::50]) > 10
    assert (flowing[::50][1:][rising] | flowing[::50][:-1][rising]).all()


def test_attacks_are_labelled_and_show():
    normal, attacked = (plant_series(20_000, n, attacked=n == 2) for n in (1, 2))
    assert 0.1 < attacked.attack.mean() < 0.4
    assert not normal.attack.any()
    low, high = normal.values.min(axis=0), normal.values.max(axis=0)
    span = np.where(high > low, high - low, 1)
    outside = (attacked.values < low - 0.2 * span) | (attacked.values > high + 0.2 * span)
    beyond = outside.any(axis=1)
    assert beyond[attacked.attack].mean() > 5 * beyond[~attacked.attack].mean()
