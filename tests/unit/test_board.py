"""What a board is: from real files of boards, and from whatever else a host may print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgead.agents.board import COMMAND, JETPACKS, Board, jetpack_of, parse_board


def printed(release="", tree="", base="", hostname=""):
    """What COMMAND prints for these files."""
    files = (release, tree, base, hostname)
    return "".join(f"\n== {number}\n{text}" for number, text in enumerate(files))


@pytest.fixture
def releases(jetson_folder):
    return (jetson_folder / "nv_tegra_release.txt").read_text().splitlines()


def test_the_releases_of_real_boards(releases):
    found = [parse_board(printed(f"{line}\n")) for line in releases]
    assert [(board.l4t, board.jetpack) for board in found] == [
        ("32.5.1", "4.5.1"),
        ("32.6.1", "4.6"),
        ("32.7.1", "4.6.1"),
        ("34.1.1", "5.0.1"),
        ("35.2.1", "5.1"),
        ("35.3.1", "5.1.1"),
        ("35.4.1", "5.1.2"),
        ("35.5.0", "5.1.3"),
        ("36.4.3", "6.2"),
        ("36.5.0", "6.x"),
    ]


def test_what_seems_to_have_tensorflow():
    said = (
        printed()
        + "\n== 4\n/home/n/tf/bin/python\npython3\n/x y\n$(z)\n\n== 5\nl4t-tensorflow:r1\n-v\n"
    )
    board = parse_board(said)
    assert board.pythons == ("/home/n/tf/bin/python", "python3")
    assert board.images == ("l4t-tensorflow:r1",)


def test_a_whole_file_and_a_model_that_ends_in_nul(jetson_folder):
    whole = (jetson_folder / "nv_tegra_release.orin.l4t36.4.3.full-file.txt").read_text()
    board = parse_board(printed(whole, "", "Jetson-AGX\0", "xavier-1\n"))
    assert board == Board("xavier-1", "Jetson-AGX", "36.4.3")


def test_either_place_of_the_model_will_do():
    assert parse_board(printed(tree="A\0")) == parse_board(printed(base="A\0")) == Board("", "A")


def test_a_host_that_is_no_jetson():
    assert parse_board(printed(hostname="nas\n")) == Board("nas")
    assert parse_board("This account is currently not available.\n") == Board()


def test_what_a_start_file_prints_does_no_harm():
    noise = "Welcome!\n== not a section\n"
    assert parse_board(noise + printed(hostname="a")).hostname == "a"


def test_releases_that_the_table_does_not_have():
    assert jetpack_of("35.99.1") == "5.x"
    assert jetpack_of("99.1") == ""
    assert all(not release.endswith(".0") for release in JETPACKS)


def test_the_command_is_one_line_for_any_shell():
    assert "\n" not in COMMAND and COMMAND.count("'") == 2 and "!" not in COMMAND


@given(st.text(), st.text(), st.text())
def test_nothing_a_host_prints_reaches_the_terminal(release, model, hostname):
    board = parse_board(printed(release, model, "", hostname))
    for text in (board.hostname, board.model, board.l4t, board.jetpack):
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text)
        assert len(text) <= 6 * 120


@given(st.text())
def test_any_output_is_read(output):
    assert isinstance(parse_board(output), Board)
