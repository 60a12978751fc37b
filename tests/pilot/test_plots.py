"""Each plot by itself: what it shows, its keys, its sizes and themes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from fakes import FakeSession, demo_session
from textual.app import App

from edgead.console.session.session import Session
from edgead.console.tui.themes import DARK, DEFAULTS, LIGHT
from edgead.console.tui.widgets.load import LoadPlot
from edgead.console.tui.widgets.loss import LossPlot
from edgead.console.tui.widgets.pace import PacePlot
from edgead.console.tui.widgets.phases import PhasesPlot
from edgead.console.tui.widgets.plots import PLOTS
from edgead.console.tui.widgets.scoring import ScoringPlot
from edgead.console.tui.widgets.strips import StripView

SIZES = [(80, 24), (120, 36), (200, 50)]
NEW = [plot for plot in PLOTS if plot.name != "seconds"]


class PlotApp(App[None]):
    """One plot in a panel of its own."""

    CSS = """
    Screen { background: $background; }
    .panel { border: round $rule; background: $background; border-title-color: $foreground; }
    """

    def __init__(self, make: Callable[[Session], StripView], session: FakeSession, theme: str):
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = theme
        self.plot = make(session).add_class("panel")

    def get_theme_variable_defaults(self):
        return DEFAULTS

    def compose(self):
        yield self.plot


def text_of(widget: StripView) -> str:
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))


def shown(kind: type[StripView], session: FakeSession) -> PlotApp:
    return PlotApp(lambda it: kind(it, id="plot"), session, DARK.name)


def hundred() -> FakeSession:
    """The demo, with a hundred workers on a hundred nodes."""
    session = demo_session(4)
    rounds = [(e, s) for e in (1, 2, 3, 4) for s in (4, 8)]
    for epoch, step in rounds:
        parts = [
            {"worker": n, "rows": 400, "seconds": 0.1 + n / 1000, "loss": 0.1 + n / 100}
            for n in range(100)
        ]
        session.take("round", 60 + epoch, epoch=epoch, step=step, steps=8, parts=parts)
        for n in range(100):
            node = {"node": f"node-{n:03d}", "source": "tegrastats"}
            session.take("telemetry", 60 + epoch, **node, power_mw=5000 + n, celsius=40.0 + n / 10)
    return session


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("plot", NEW, ids=lambda plot: plot.name)
def test_look(snap_compare, plot, size, theme):
    assert snap_compare(PlotApp(plot.make, demo_session(10), theme), terminal_size=size)


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
async def test_nothing_yet_and_no_room_are_said(plot):
    app = PlotApp(plot.make, FakeSession(), DARK.name)
    async with app.run_test(size=(80, 24)) as pilot:
        assert text_of(app.plot).strip()
        for size in ((20, 3), (3, 20), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
        assert app.plot.copy_text().count("\n") == 0  # the heads alone


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.name)
async def test_a_hundred_nodes_fit(plot):
    app = PlotApp(plot.make, hundred(), DARK.name)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert text_of(app.plot).strip() and "node-100" not in text_of(app.plot)


async def test_pace_names_the_slowest_of_many():
    app = shown(PacePlot, hundred())
    async with app.run_test(size=(80, 24)):
        lines = text_of(app.plot).splitlines()
        assert "worker 99" in lines[0] and "2,010 rows/s" in lines[0]
        assert "… " in lines[-1] and "faster ones" in lines[-1]


async def test_pace_shows_every_worker_and_who_is_gone():
    session = demo_session(6, lost=True)
    app = shown(PacePlot, session)
    async with app.run_test(size=(120, 20)):
        text = text_of(app.plot)
        assert "✖ node-3" in text and "node-1" in text and "100 %" in text
        assert app.plot.copy_text().splitlines()[0] == "worker\trows_per_second"


async def test_load_aligns_power_heat_and_epochs():
    app = shown(LoadPlot, demo_session(10))
    async with app.run_test(size=(120, 36)):
        lines = text_of(app.plot).splitlines()
        assert lines[0].split() == ["W", "power"]
        assert any(line.split()[:2] == ["°C", "temperature"] for line in lines)
        assert lines[-1].startswith("epoch") and "█" in lines[-1]
        assert "energy" in str(app.plot.border_subtitle) and "W" in str(app.plot.border_subtitle)
        head, *rows = app.plot.copy_text().splitlines()
        assert head.split("\t") == ["node", "second", "watts", "celsius", "cpu", "gpu"]
        assert len(rows) == 30


async def test_load_falls_back_to_what_there_is():
    session = demo_session(0)
    session.take("telemetry", 60, node="a", source="machine", cpu=50.0)
    session.take("telemetry", 61, node="a", source="machine", cpu=60.0)
    app = shown(LoadPlot, session)
    async with app.run_test(size=(120, 36)):
        assert "CPU" in text_of(app.plot) and "power" not in text_of(app.plot)


async def test_phases_of_the_first_epoch_and_of_all():
    app = shown(PhasesPlot, demo_session(10))
    async with app.run_test(size=(120, 36)) as pilot:
        text = text_of(app.plot)
        assert all(name in text for name in ("trace", "connect", "ship", "step"))
        assert "while the tasks started" in text
        app.plot.focus()
        await pilot.press("z")
        assert all(name in text_of(app.plot) for name in ("epochs", "validation", "test"))
        await pilot.press("z")
        assert text_of(app.plot) == text


async def test_prediction_shows_rows_and_scores():
    session = demo_session(6)
    session.take("scoring", 70, split="train", done=40_000, rows=80_000)
    app = shown(ScoringPlot, session)
    async with app.run_test(size=(120, 20)):
        assert "threshold" in text_of(app.plot) and " 50 %" in text_of(app.plot)
        session.take("scoring", 71, split="test", done=311_029, rows=311_029)
        figures = {"accuracy": 0.92, "precision": 0.9, "recall": 0.9, "f1": 0.95}
        done = {"rows": 311_029, "visited": 311_029, "seconds": {"predict": 1.0}}
        session.take("score", 71, split="test", where="workers", **done, **figures)
        app.plot.redraw()
        text = text_of(app.plot)
        assert "100 %" in text and "accuracy 0.9200 · F1 0.9500" in text
        assert "on the workers" in text


async def test_loss_zooms_and_moves_by_keys_and_by_the_wheel():
    app = shown(LossPlot, demo_session(10))
    async with app.run_test(size=(120, 36)) as pilot:
        plot = app.plot
        plot.focus()
        await pilot.press("plus")
        assert plot.view == (5.0, 10.0) and "epochs 5–10" in str(plot.border_title)
        await pilot.press("left")
        assert plot.view == (3.75, 8.75)
        await pilot.press("right", "right", "right")
        assert plot.view == (5.0, 10.0)
        await pilot.press("minus")
        assert plot.view is None
        await pilot.press("plus", "plus", "0")
        assert plot.view is None
        await pilot._post_mouse_events([_scroll_up()], plot, offset=(50, 10), button=0)
        assert plot.view is not None and plot.view[0] > 0


async def test_loss_has_its_workers_or_not():
    app = shown(LossPlot, demo_session(10))
    async with app.run_test(size=(120, 36)) as pilot:
        app.plot.focus()
        assert "node-3" in text_of(app.plot) and "workers (EMA)" in str(app.plot.border_title)
        await pilot.press("w")
        assert "node-3" not in text_of(app.plot) and "workers" not in str(app.plot.border_title)


async def test_any_runs_are_overlaid():
    session = demo_session(10)
    other = demo_session(7).trial
    other.run, other.spec = "T-009", dataclasses.replace(other.spec, seed=9)
    app = shown(LossPlot, session)
    async with app.run_test(size=(120, 36)):
        app.plot.overlaid = (session.trial, other)
        text = text_of(app.plot)
        assert "T-009" in text and session.trial.run in text and "node-3" not in text
        assert "2 runs" in str(app.plot.border_title)


async def test_only_cells_that_changed_are_painted():
    session = demo_session(6)
    app = shown(LossPlot, session)
    async with app.run_test(size=(120, 36)):
        plot, painted = app.plot, []
        plot.redraw()
        refresh = plot.refresh
        plot.refresh = lambda *regions, **more: (painted.append(regions), refresh(*regions, **more))
        plot.redraw()
        assert painted == []
        session.take("epoch", 70, epoch=7, epochs=10, loss=0.005, seconds=1.0)
        plot.redraw()
        area = sum(region.area for regions in painted for region in regions)
        assert 0 < area < plot.size.area / 2


def _scroll_up():
    from textual.events import MouseScrollUp

    return MouseScrollUp
