"""The app in a browser, by textual-serve: on this machine's loopback, for who has the token.

Each page is an app of its own, a process over pipes. Whoever reaches it can do what the app can,
so nobody does without the token: neither other users of this machine, nor a page of another
origin that a browser here has open (its WebSockets carry our cookie, but its own Origin), nor one
whose name was made to lead to loopback (its Host is not ours).
"""

from __future__ import annotations

import hmac
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from textual_serve.server import Server

from edgead.console import output

HOST = "127.0.0.1"
# The page names a font of another site; nothing is fetched from there.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws://{host}"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer(Server):
    """Serves the app; `url` has the token in it, and is told to whoever started it."""

    def __init__(self, port: int, cluster: Path | None, *, read_only: bool, as_json: bool) -> None:
        words = [sys.executable, "-I", "-m", "edgead.console.cli"]
        words += ["--cluster", str(cluster)] if cluster is not None else []
        words += ["--read-only"] if read_only else []
        super().__init__(shlex.join(words), HOST, port, title="edgead-console")
        self.public_url = f"http://{HOST}:{port}"
        self._token = secrets.token_urlsafe(24)
        self._cookie = f"edgead-{port}"
        self._as_json = as_json

    @property
    def url(self) -> str:
        """Where to point a browser."""
        return f"{self.public_url}/?token={self._token}"

    def initialize_logging(self) -> None:
        """Log nothing: textual-serve's own log shows the values of variables."""

    async def on_startup(self, app: web.Application) -> None:
        """Say where the app is."""
        if self._as_json:
            output.print_object("serving", {"url": self.url})
            return
        output.say(f"edgead-console: open {self.url}")
        output.say("Ctrl-C ends it; running trials go on")

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._guard)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who has the token, by the right name, from our own page."""
        if request.host != f"{HOST}:{self.port}":
            raise web.HTTPForbidden(text="this is not the address that was printed\n")
        if request.headers.get("Origin", self.public_url) != self.public_url:
            raise web.HTTPForbidden(text="not for pages of other origins\n")
        if self._is_token(request.query.get("token", "")):
            answer = web.HTTPFound("/")
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="Strict")
            return answer
        if not self._is_token(request.cookies.get(self._cookie, "")):
            raise web.HTTPForbidden(text="open the whole address that `serve` has printed\n")
        response = await handler(request)
        if not response.prepared:
            policy = POLICY.format(host=request.host)
            response.headers["Content-Security-Policy"] = policy
        return response

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token.encode())
