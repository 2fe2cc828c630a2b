"""The explore page as a web application: one page, two files beside it, and suggestions for its search box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from recsys_assets.explore.explorer import Explorer
from recsys_assets.explore.formats import FORMATS
from recsys_assets.explore.security_headers import SecurityHeaders
from serving.request.list_length import DEFAULT_K, MOST_ITEMS

FOLDER = Path(__file__).parent
OFFERED, LENGTHS = 8, (5, 10, 20, 50)
EXPECTED = (ValueError, LookupError, OSError, RuntimeError)
"""Errors that come with a sentence for people."""


class Page:
    """Renders what an explorer finds; data reaches the page through a template that escapes it, never through code.

    Args:
        explorer: of one recommender.
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters |= FORMATS
        self._template = environment.get_template("page.html")
        self._offered, self._stranger = explorer.people.active_users(OFFERED), explorer.people.stranger()

    def app(self) -> Starlette:
        """The application; answers only to names of this machine."""
        routes = [
            Route("/", self._page),
            Route("/users", self._users),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ]
        local = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders), local])

    def _page(self, request: Request) -> Response:
        user, k = request.query_params.get("user", "").strip(), request.query_params.get("k", str(DEFAULT_K))
        values: dict[str, Any] = {"user": user, "k": k, "problem": None, "person": None, "found": None}
        values |= {"name": self._explorer.name, "offered": self._offered, "stranger": self._stranger}
        status = 200
        if user:
            try:
                values["person"] = self._explorer.person(user)
                values["found"] = self._explorer.explore(values["person"], _length(k))
            except EXPECTED as error:
                values["problem"], status = str(error), 400 if isinstance(error, ValueError) else 503
        return HTMLResponse(self._template.render(lengths=LENGTHS, **values), status)

    def _users(self, request: Request) -> Response:
        text = request.query_params.get("q", "").strip()[:64]
        found = self._explorer.people.matching(text) if text else []
        return JSONResponse([{"id": str(user), "events": events} for user, events in found])


def _length(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ITEMS:
        raise ValueError(f"The number of items must be 1 to {MOST_ITEMS}, got {text!r}.")
    return int(text)
