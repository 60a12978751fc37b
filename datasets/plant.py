"""A made-up water-treatment plant: SWaT's 51 tags and couplings, attacks labelled, nothing real.

Three tanks in a row. The first is filled through MV101; P101 lifts its water past the dosing of
chemicals into the second, P301 through the ultrafiltration into the third, and from there the
reverse osmosis takes it. Levels switch valves and pumps as in SWaT; the filter is washed back
every half hour. An attack shows the controllers a wrong level, forces a valve or a pump, or
falsifies a reading.
"""

from __future__ import annotations

import hashlib
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from edgead.datasets.dataset import Bools, Floats
from edgead.datasets.swat import Series
from edgead.datasets.swat_columns import TAGS

NORMAL_ROWS, ATTACK_ROWS = 40_000, 20_000  # seconds: a few hours of each
VERSION = 1  # to be raised with any change to the rows that a seed gives

_MOVING = 8  # s that a valve takes
_BACKWASH, _FLUSH = (1800, 90), (3600, 60)  # s between two, and of one
_SLOW = 0.98  # share of an analyser's deviation that is left after a second
# Litres a second to mm of level a second, in round numbers of SWaT's own cycles.
_FILL, _LIFT, _FILTER, _OSMOSIS = 0.50, 0.46, 0.42, 0.31
_LEVELS = (650.0, 900.0, 900.0)
_COMMANDS = ("mv101", "p101", "p301", "ro", "backwash")


class Attack(NamedTuple):
    """What an attack does: readings it sets (tag to value), commands it forces."""

    readings: Mapping[str, float]
    forced: Mapping[str, bool]


ATTACKS: Tuple[Attack, ...] = (
    Attack({}, {"mv101": True, "p101": False}),  # the first tank runs over
    Attack({"AIT201": 330.0, "AIT202": 6.2, "AIT203": 480.0}, {}),
    Attack({"FIT401": 0.6, "UV401": 1.0}, {"ro": False}),
    Attack({"LIT101": 820.0}, {}),  # and here it runs dry
    Attack({"DPIT301": 45.0, "FIT301": 3.0}, {"p301": False}),
    Attack({"LIT401": 200.0}, {}),
    Attack({"AIT502": 260.0, "AIT503": 340.0, "AIT504": 30.0}, {}),
    Attack({"LIT301": 1100.0}, {}),
    Attack({"PIT501": 320.0, "PIT503": 260.0, "FIT504": 0.6}, {}),
    Attack({}, {"p301": True, "backwash": True}),
)


class _History(NamedTuple):
    """What the simulation leaves: levels [rows, 3], commands bool [rows, 5], drift [rows, 10]."""

    levels: Floats
    commands: Bools
    drift: Floats


def plant_series(rows: int, seed: int, *, attacked: bool) -> Series:
    """Simulate so many seconds; the same rows and seed give the same series."""
    random = np.random.RandomState(seed)
    plan = _plan(rows, random) if attacked else []
    history = _simulate(rows, plan, random)
    values = _readings(history, random)
    attack = np.zeros(rows, np.bool_)
    for start, stop, each in plan:
        attack[start:stop] = True
        for tag, value in each.readings.items():
            values[start:stop, TAGS.index(tag)] = value
    digest = hashlib.sha256(f"plant {VERSION} {rows} {seed} {attacked}".encode()).hexdigest()
    return Series(values, attack, digest)


_Span = Tuple[int, int, Attack]  # first second, the one after the last, what is done


def _plan(rows: int, random: Any) -> Sequence[_Span]:
    """Draw when which attack happens: about a quarter of the time."""
    spans, at, number = [], int(random.randint(900, 1500)), int(random.randint(len(ATTACKS)))
    while at + 120 < rows:
        stop = min(rows, at + int(random.randint(400, 1000)))
        spans.append((at, stop, ATTACKS[number % len(ATTACKS)]))
        at, number = stop + int(random.randint(1200, 2800)), number + 1
    return spans


def _simulate(rows: int, plan: Sequence[_Span], random: Any) -> _History:
    """Run the controllers and the tanks, second by second."""
    levels, commands = np.empty((rows, 3), np.float32), np.empty((rows, 5), np.bool_)
    drift = np.empty((rows, 10), np.float32)
    noise = random.normal(0.0, 1.0, (rows, 10)).astype(np.float32)
    level, slow = list(_LEVELS), np.zeros(10, np.float32)
    on = dict(zip(_COMMANDS, (False, True, True, True, False)))
    spans = [*plan, (rows, rows, ATTACKS[0])]
    for second in range(rows):
        while second >= spans[0][1]:
            spans.pop(0)
        attack = spans[0][2] if second >= spans[0][0] else None
        _control(on, _seen(level, attack), second)
        if attack is not None:
            on.update(attack.forced)
        _flow(level, on)
        slow = _SLOW * slow + 0.2 * noise[second]  # a standard deviation of about 1
        levels[second], drift[second] = level, slow
        commands[second] = [on[name] for name in _COMMANDS]
    return _History(levels, commands, drift)


def _seen(level: Sequence[float], attack: Optional[Attack]) -> Sequence[float]:
    """Give the levels that the controllers are shown."""
    if attack is None:
        return level
    names = ("LIT101", "LIT301", "LIT401")
    return [attack.readings.get(name, value) for name, value in zip(names, level)]


def _control(on: Dict[str, bool], seen: Sequence[float], second: int) -> None:
    first, middle, last = seen
    on["mv101"] = first < 500 or (on["mv101"] and first < 800)
    on["p101"] = first > 250 and (middle < 800 or (on["p101"] and middle < 1000))
    on["backwash"] = second % _BACKWASH[0] >= _BACKWASH[0] - _BACKWASH[1]
    wanted = last < 800 or (on["p301"] and last < 1000)
    on["p301"] = middle > 250 and wanted and not on["backwash"]
    on["ro"] = last > 250 and second % _FLUSH[0] < _FLUSH[0] - _FLUSH[1]


def _flow(level: Any, on: Mapping[str, bool]) -> None:
    """Move a second's water."""
    lifted = _LIFT if on["p101"] and level[0] > 120 else 0.0
    filtered = _FILTER if on["p301"] and level[1] > 120 else 0.0
    level[0] = min(1200.0, level[0] + (_FILL if on["mv101"] else 0.0) - lifted)
    level[1] = min(1200.0, level[1] + lifted - filtered)
    level[2] = min(1200.0, level[2] + filtered - (_OSMOSIS if on["ro"] else 0.0))


def _valve(opened: Bools) -> Floats:
    """Give a valve's position: 2 open, 1 closed, 0 while it moves."""
    position = np.where(opened, 2.0, 1.0).astype(np.float32)
    for second in np.flatnonzero(np.diff(opened.astype(np.int8))) + 1:
        position[second : second + _MOVING] = 0.0
    return position


def _duty(on: Bools) -> Tuple[Bools, Bools]:
    """Share starts between a pump and its stand-by, which takes every fourth."""
    starts = np.cumsum(np.diff(on.astype(np.int8), prepend=0) == 1)
    standby = starts % 4 == 3
    return on & ~standby, on & standby


def _every(rows: int, period: int, length: int) -> Bools:
    return np.arange(rows) % period < length


def _readings(history: _History, random: Any) -> Floats:
    """Turn what happened into the 51 tags, with each sensor's noise: float32 [rows, 51]."""
    rows = len(history.levels)
    mv101, p101, p301, ro, wash = history.commands.T
    slow = history.drift.T
    dosing = p101 & _every(rows, 900, 600)
    tags: Dict[str, Any] = {
        **_pumps(p101, p301, ro, wash, dosing),
        **_first_stages(history.levels, mv101, p101, dosing, slow),
        **_filter_stages(history.levels, p301, wash, ro, slow),
        **_osmosis_stages(ro, wash, slow),
    }
    values = np.stack([np.broadcast_to(tags[tag], rows) for tag in TAGS], axis=1)
    values = values.astype(np.float32)
    for i, tag in enumerate(TAGS):
        noise = _NOISE.get(tag, _NOISE.get(tag[:3], 0.0))
        if noise:
            values[:, i] += random.normal(0.0, noise, rows)
    return values


# Standard deviation of the sensors' own noise, by tag or kind.
_NOISE = {"FIT": 0.008, "LIT": 0.4, "DPI": 0.08, "PIT": 0.3, "AIT": 0.05, "AIT201": 0.3,
          "AIT203": 0.4, "AIT402": 0.4, "AIT501": 0.004, "AIT202": 0.004}  # fmt: skip


def _pumps(p101: Bools, p301: Bools, ro: Bools, wash: Bools, dosing: Bools) -> Dict[str, Any]:
    rows = len(p101)
    first, second = _duty(p101)
    third, fourth = _duty(p301)
    acid, more_acid = _duty(dosing)
    running: Dict[str, Any] = {
        "P101": first, "P102": second, "P201": dosing & _every(rows, 3600, 300),
        "P202": False, "P203": acid, "P204": more_acid, "P205": acid, "P206": more_acid,
        "P301": third, "P302": fourth, "P401": False, "P402": ro,
        "P403": ro & _every(rows, 1200, 120), "P404": False, "UV401": ro, "P501": ro,
        "P502": False, "P601": False, "P602": wash, "P603": False,
    }  # fmt: skip
    return {tag: np.where(on, 2.0, 1.0) for tag, on in running.items()}


def _first_stages(
    levels: Floats, mv101: Bools, p101: Bools, dosing: Bools, slow: Floats
) -> Dict[str, Any]:
    return {
        "FIT101": 2.6 * mv101 + 0.02 * slow[0] * mv101,
        "LIT101": levels[:, 0],
        "MV101": _valve(mv101),
        "FIT201": 2.45 * p101 + 0.02 * slow[0] * p101,
        "MV201": _valve(p101),
        "AIT201": 260 + 4 * slow[1] - 3 * _lagged(dosing, 300),
        "AIT202": 8.4 + 0.05 * slow[2] - 0.12 * _lagged(dosing, 200),
        "AIT203": 330 + 6 * slow[3] + 14 * _lagged(dosing, 250),
    }


def _filter_stages(
    levels: Floats, p301: Bools, wash: Bools, ro: Bools, slow: Floats
) -> Dict[str, Any]:
    since = np.arange(len(p301)) % _BACKWASH[0] / _BACKWASH[0]  # the filter clogs
    return {
        "LIT301": levels[:, 1],
        "FIT301": p301 * (2.2 - 0.05 * since + 0.01 * slow[0]),
        "DPIT301": 19.5 * p301 + 2.0 * since * p301 + 26.0 * wash,
        "MV301": _valve(wash),
        "MV302": _valve(p301),
        "MV303": _valve(wash),
        "MV304": _valve(np.roll(wash, 30)),
        "LIT401": levels[:, 2],
        "FIT401": ro * (1.7 + 0.01 * slow[4]),
        "AIT401": 148 + 0.5 * slow[1],
        "AIT402": 155 + 5 * slow[3] - 20 * _lagged(ro & _every(len(ro), 1200, 120), 200),
        "FIT601": 1.8 * wash,
    }


def _osmosis_stages(ro: Bools, wash: Bools, slow: Floats) -> Dict[str, Any]:
    feed = _lagged(ro, 10)
    return {
        "AIT501": 7.85 + 0.05 * slow[2],
        "AIT502": 145 + 5 * slow[3],
        "AIT503": 262 + 4 * slow[1],
        "AIT504": 12.2 + 0.4 * slow[5],
        "FIT501": feed * (1.72 + 0.01 * slow[4]),
        "FIT502": feed * (1.27 + 0.01 * slow[6]),
        "FIT503": feed * (0.73 + 0.005 * slow[4]),
        "FIT504": feed * (0.305 + 0.002 * slow[6]),
        "PIT501": 12 + feed * (238 + 2 * slow[7]),
        "PIT502": 0.6 + feed * (2.2 + 0.2 * slow[8]),
        "PIT503": 8 + feed * (180 + 1.6 * slow[7]),
    }


def _lagged(on: Bools, seconds: int) -> Floats:
    """Give what follows a switch slowly: 0 to 1, nearly there after so many seconds."""
    steps = np.cumsum(np.concatenate([np.zeros(seconds), on.astype(np.float64)]))
    lagged: Floats = ((steps[seconds:] - steps[:-seconds]) / seconds).astype(np.float32)
    return lagged
