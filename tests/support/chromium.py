"""Headless Chromium, spoken to over its DevTools protocol: one page, its keys and its frames."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import re
import shutil
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--window-size=1400,900",
)  # fmt: skip


class Page:
    """One tab; what its WebSockets receive goes to `hear`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, hear) -> None:
        self._socket, self._hear = socket, hear
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future] = {}
        self._reading = asyncio.ensure_future(self._read())
        self.answered: list[str] = []  # the addresses of what has come

    async def ask(self, method: str, **parameters):
        """Give DevTools a command and return its result."""
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(self._waiting[number], 60)

    async def go(self, url: str) -> None:
        await self.ask("Network.enable")
        await self.ask("Page.enable")
        await self.ask("Page.navigate", url=url)

    async def type(self, text: str) -> None:
        for char in text:
            for kind in ("keyDown", "keyUp"):
                more = {"text": char} if kind == "keyDown" else {}
                await self.ask("Input.dispatchKeyEvent", type=kind, key=char, **more)

    async def value(self, expression: str):
        found = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def picture(self) -> bytes:
        return base64.b64decode((await self.ask("Page.captureScreenshot"))["data"])

    async def _read(self) -> None:
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._waiting.pop(said["id"]).set_result(said.get("result", {}))
            elif said["method"] == "Network.webSocketFrameReceived":
                frame = said["params"]["response"]
                if frame["opcode"] == 2:
                    self._hear(base64.b64decode(frame["payloadData"]))
            elif said["method"] == "Network.responseReceived":
                self.answered.append(said["params"]["response"]["url"])


@asynccontextmanager
async def browser(folder: Path, hear):
    """Run Chromium with a profile of its own, and give its one page."""
    program = shutil.which("chromium")
    assert program, "these tests need chromium (make debian)"
    process = await asyncio.create_subprocess_exec(
        program, *FLAGS, f"--user-data-dir={folder}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60), aiohttp.ClientSession() as http:
            while line := await process.stderr.readline():
                if found := re.search(rb"ws://([^/]+)/", line):
                    break
            assert line, "chromium has ended"
            async with http.get(f"http://{found[1].decode()}/json") as answer:
                pages = [each for each in await answer.json() if each["type"] == "page"]
        reading = asyncio.ensure_future(process.stderr.read())  # or a full pipe would hold it
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket,
        ):
            yield Page(socket, hear)
        reading.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
