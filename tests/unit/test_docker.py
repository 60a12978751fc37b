"""Docker's command lines and outputs; the Dockerfiles of the releases."""

from __future__ import annotations

import doctest

import pytest

from edgead.agents import docker, power
from edgead.console.nodes.containers import DOCKERFILES, dockerfile_for


def test_the_container_is_ours_and_sees_the_network_and_the_cache() -> None:
    argv = docker.start("tf:r35", memory="8g", mounts=["/data:/data:ro"])
    script, words = argv[2], argv[4:]
    for part in ("--label edgead", "--network host", "--init", '"$HOME/.cache/edgead:'):
        assert part in script
    assert words == [
        *("--runtime", "nvidia", "--label", "edgead.options=8g /data:/data:ro"),
        *("--memory", "8g", "--volume", "/data:/data:ro"),
        *("--entrypoint", "tail", "tf:r35", "-f", "/dev/null"),
    ]


def test_what_it_was_started_with_is_known_again() -> None:
    said = '{"state": "running", "image": "x", "options": "8g /data:/data:ro"}'
    assert docker.parse_options(said) == docker.said_options("8g", ["/data:/data:ro"])
    assert docker.parse_options('{"options": null}') == docker.parse_options("") == ""
    assert docker.said_options("", ()) == "-"


def test_no_value_of_a_variable_stands_in_the_command() -> None:
    argv = docker.inside(["python3", "-c", "1"], {"TF_CONFIG": "secret"})
    assert "secret" not in " ".join(argv)
    assert argv[-4:] == ["edgead", "python3", "-c", "1"]
    assert "TF_CONFIG" in argv and "EDGEAD_AGENT" in argv


@pytest.mark.parametrize(
    ("image", "release"),
    [
        ("nvcr.io/nvidia/l4t-tensorflow:r32.6.1-tf2.5-py3", "32.6"),
        ("dustynv/l4t-tensorflow:tf2-r35.3.1", "35.3"),
        ("edgead/tensorflow:r35.3", "35.3"),
        ("tensorflow/tensorflow:2.12.0", ""),
    ],
)
def test_the_release_an_image_is_for(image: str, release: str) -> None:
    assert docker.release_of(image) == release


@pytest.mark.parametrize("output", ["", "Error: No such object", "[]", '{"state": 1, "image": 2}'])
def test_a_state_that_is_none(output: str) -> None:
    assert docker.parse_state(output) == ("", "")


def test_every_release_has_its_dockerfile() -> None:
    assert {path.stem for path in DOCKERFILES.iterdir()} == {
        *("r32.6", "r32.7", "r35.1", "r35.2", "r35.3", "r35.4", "r35.5", "r35.6"),
        *("r36.2", "r36.3", "r36.4"),
    }
    for path in DOCKERFILES.iterdir():
        release = docker.release_of(path.read_text().split("BASE=", 1)[1].split("\n", 1)[0])
        # Where a release has no image, that of an earlier one does.
        assert path.stem[:3] == f"r{release}"[:3] and path.stem >= f"r{release}"
    found = dockerfile_for("35.3.1")
    assert found is not None and found.name == "r35.3.Dockerfile"
    assert dockerfile_for("../../35") is dockerfile_for("99.1") is dockerfile_for("") is None


def test_power_modes_by_name() -> None:
    assert doctest.testmod(power).failed == doctest.testmod(docker).failed == 0
    modes = power.parse_modes("POWER_MODEL: ID=0 NAME=15W\nPOWER_MODEL: ID=2 NAME=MAXN_SUPER")
    assert power.find_mode("maxn_super", modes) == "MAXN_SUPER" and modes["MAXN_SUPER"] == 2
    assert power.find_mode("MAXN", modes) == "MAXN_SUPER"
    assert power.find_mode("MAXN", {**modes, "MAXN": 0}) == "MAXN"
    assert power.find_mode("20W", modes) == ""
