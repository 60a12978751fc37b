"""Whole trials of the LSTM autoencoder on windows of a made-up series, and the detector after."""

import pytest
from program import Program

from edgead.datasets.plant import plant_series
from edgead.datasets.swat import as_csv

pytestmark = pytest.mark.slow

SMALL = ("synthetic=true", "rows=2500", "epochs=2", "workers=2", "batch=256")


def trial(*settings):
    chosen = [part for setting in (*SMALL, *settings) for part in ("--set", setting)]
    with Program("trial", "run", "paper-swat", *chosen, "--json") as program:
        code, events, err = program.finish()
        assert (code, err) == (0, "")
    return events


@pytest.mark.parametrize(
    "way", [["strategy=central"], ["engine=fast"], ["engine=paper"]], ids=lambda way: way[0]
)
def test_windows_are_trained_on_and_each_is_visited_once(home, way):
    events = trial(*way)
    [data] = [event for event in events if event["kind"] == "dataset"]
    assert data["window"] == 501
    assert data["rows"] == {"train": 2000, "validation": 7500, "test": 19_500}
    result = events[-1]
    assert result["dataset"] == {"name": "swat", "synthetic": True}
    assert result["model"] == "lstm-autoencoder"
    assert result["loss"][1] < result["loss"][0]
    for split in ("validation", "test"):
        assert result[split]["visited"] == result[split]["rows"] == data["rows"][split]
    assert not result["collapsed"]


def test_the_detector_scores_a_file_of_the_series(home, tmp_path):
    trial("engine=fast")
    (tmp_path / "new.csv").write_text("".join(as_csv(plant_series(900, 5, attacked=True))))
    with Program("detect", "T-001", tmp_path / "new.csv", "--all", "--json") as program:
        code, lines, err = program.finish()
    assert code == 0
    assert "900 rows; 400 windows of 501 rows" in err
    assert len(lines) == 900
    assert sum("score" in line and line["score"] is not None for line in lines) == 400


def test_without_the_files_one_line_says_where_they_come_from(home):
    with Program("trial", "run", "paper-swat") as program:
        code, _, err = program.finish()
    assert code == 3
    assert err.count("\n") == 1
    assert "iTrust" in err
    assert "--set synthetic=true" in err
