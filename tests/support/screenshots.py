"""Take docs/'s pictures: the app on the real demo, at its liveliest and at its end."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from edgead.console import paths
from edgead.console.running.demo_specs import demo_specs
from edgead.console.runs.store import Store
from edgead.console.session.local_session import LocalSession
from edgead.console.tui.app import ConsoleApp

SIZE = (120, 36)
# What is looked at once the demo is over, and the keys that lead there from the one before.
PLOTS = {"phases": ("2", "]", "]"), "compare": ("3",), "curves": ("v",)}


async def main(folder: Path) -> None:
    """Run the demo in the app, without a terminal, and save its screens as SVG."""
    specs = demo_specs("paper-kdd99", 1, 10)
    store = Store(paths.runs_folder())
    session = LocalSession(store, None, paths.data_folder(), start=specs)
    app = ConsoleApp(session, paths.home() / "crashes")

    async def until(condition):
        async with asyncio.timeout(180):
            while not condition():  # noqa: ASYNC110 (it is polled state)
                await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)  # what changed is painted at most twice a second

    async with app.run_test(size=SIZE) as pilot:
        await until(
            lambda: (
                session.trial is not None
                and session.trial.spec.distributed
                and len(session.trial.epochs) >= 6
            )
        )
        await pilot.pause()
        (folder / "demo.svg").write_text(app.export_screenshot(title="edgead-console demo"))
        await until(lambda: session.trial.over)
        for name, keys in PLOTS.items():
            await pilot.press(*keys)
            await until(lambda: True)
            (folder / f"{name}.svg").write_text(app.export_screenshot(title="edgead-console demo"))
        for name, keys in (("fleet", ["1"]), ("plan", ["2", "s"])):
            for key in keys:
                await pilot.press(key)
                await until(lambda: True)
            picture = app.export_screenshot(title="edgead-console demo")
            (folder / f"{name}.svg").write_text(picture)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        os.environ[paths.HOME_VARIABLE] = scratch
        asyncio.run(main(Path(sys.argv[1])))
