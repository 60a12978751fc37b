"""The app in a real browser, and who is not let in."""

import asyncio
import io
import json
import os
import re
import sys
from contextlib import asynccontextmanager

import aiohttp
import pyte
import pytest
from chromium import browser
from PIL import Image
from program import MARK, marked
from program import until as poll

from edgead.console.cli import main

pytestmark = pytest.mark.slow

ADDRESS = r"http://127\.0\.0\.1:\d+/\?token=\S+"


@asynccontextmanager
async def served(*words):
    """Run `serve` on a free port and give the address it prints: as JSON, or to a person."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edgead.console.cli", "serve", "--port", "0", *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, MARK: (mark := os.urandom(8).hex())},
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        said = json.loads(line) if words else {"url": line.split()[-1]}
        assert re.fullmatch(ADDRESS, said["url"])
        yield said["url"]
    finally:
        process.terminate()
        async with asyncio.timeout(60):
            await process.wait()
        await asyncio.to_thread(until_gone, mark)  # with the apps, and their nodes


def until_gone(mark):
    poll(lambda: not marked(mark))


async def until(condition, seconds=120):
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - a page is asked again and again
            await asyncio.sleep(0.1)


async def test_the_app_runs_in_chromium(home, tmp_path):
    screen = pyte.Screen(200, 60)
    stream = pyte.ByteStream(screen)
    async with served("--json") as url, browser(tmp_path / "profile", stream.feed) as page:
        await page.go(url)

        async def shows(text):
            return any(text in line for line in screen.display)

        await until(lambda: shows("Welcome"))
        await page.value("document.querySelector('.xterm-helper-textarea').focus()")
        await page.type("e")  # three nodes in this machine
        await until(lambda: shows("node-3"))
        assert "token" not in await page.value("location.href")
        before = await page.picture()
        await page.value("document.querySelector('.xterm-helper-textarea').focus()")
        await page.type("?")
        await until(lambda: shows("esc closes"))
        assert len(Image.open(io.BytesIO(before)).convert("RGB").getcolors(1 << 24)) > 20
        await page.type("qq")  # the help, then the app
        await until(lambda: page.value("document.body.classList.contains('-closed')"))
        assert {each.split("/")[2] for each in page.answered} == {url.split("/")[2]}


async def test_nobody_comes_in_without_the_token_or_from_elsewhere(home):
    async with served() as url, aiohttp.ClientSession() as http:
        page, _, token = url.partition("?token=")

        async def status(address, **headers):
            async with http.get(address, headers=headers, allow_redirects=False) as answer:
                return answer.status

        assert await status(page) == 403
        assert await status(f"{page}?token={token[:-1]}") == 403
        assert await status(f"{page}ws") == 403
        assert await status(f"{page}static/js/textual.js") == 403
        assert await status(url, Host="edgead.example") == 403
        assert await status(url, Origin="http://edgead.example") == 403
        assert await status(url) == 302


def test_a_port_that_is_taken_is_one_line(home, capsys):
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"serve: port {port}: Address already in use" in capsys.readouterr().err
