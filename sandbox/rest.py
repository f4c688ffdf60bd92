"""The REST API as an aiohttp application: tokens, rate limits and JSON around the handlers of `sandbox.routes`."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, cast

from aiohttp import web

from sandbox.drafts import Upload
from sandbox.errors import ApiError, Fault
from sandbox.limits import ATTACHMENT_COUNT_LIMIT, ATTACHMENT_SIZE_LIMIT
from sandbox.routes import ROUTES, Call, Desk, Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.limits import RateLimiter, RateLimits, Verdict
    from sandbox.models import Json

API_PATH = "/api/v10"
MAX_BODY = (ATTACHMENT_COUNT_LIMIT + 2) * ATTACHMENT_SIZE_LIMIT
"""Bytes of a whole request: room for one file too many, which is refused by its own rule."""


class RestApi:
    """Adds Discord's REST API to an application. `record` writes the event log."""

    def __init__(
        self, desk: Desk, *, token: str, limits: RateLimits, limiter: RateLimiter, record: Callable[..., object]
    ) -> None:
        self._desk = desk
        self._token = token
        self._limits = limits
        self._limiter = limiter
        self._record = record

    def install(self, app: web.Application) -> None:
        """Register every route; what is not known is answered with 404 and recorded as `rest.unknown`."""
        for route in ROUTES:
            app.router.add_route(route.method, API_PATH + route.path, self._handler(route))
        app.router.add_get("/attachments/{channel}/{attachment}/{filename}", self._attachment)
        app.router.add_route("*", API_PATH + "/{rest:.*}", self._unknown)

    def _handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            response = await self._answer(route, request)
            self._record("rest.request", method=route.method, route=route.path, path=request.path, status=response.status)
            return response

        return handle

    async def _answer(self, route: Route, request: web.Request) -> web.Response:
        if not route.open and request.headers.get("Authorization") != f"Bot {self._token}":
            return _refusal(ApiError(Fault.UNAUTHORIZED))
        if not route.open:
            everything = self._limiter.take("global", self._limits.everything)
            if not everything.allowed:
                return _too_many(everything, {}, scope="global")
        headers: dict[str, str] = {}
        if rate := route.rate(self._limits):
            major = request.match_info[route.major] if route.major else ""
            verdict = self._limiter.take(f"{route.bucket} {major}", rate)
            headers = _rate_headers(route, verdict)
            if not verdict.allowed:
                return _too_many(verdict, headers, scope="user")
        try:
            answer = route.handler(await self._call(request))
        except ApiError as error:
            return _refusal(error, headers)
        return web.Response(status=204, headers=headers) if answer is None else _json(answer, headers=headers)

    async def _call(self, request: web.Request) -> Call:
        body: object = {}
        uploads: dict[str, Upload] = {}
        try:
            if request.content_type == "multipart/form-data":
                form = await request.post()
                for name, value in form.items():
                    if isinstance(value, web.FileField):
                        uploads[name] = Upload(value.filename, value.file.read())
                given = form.get("payload_json")
                body = json.loads(given) if isinstance(given, str) else {}
            elif request.can_read_body:
                body = json.loads(await request.read())
        except web.HTTPRequestEntityTooLarge as error:
            raise ApiError(Fault.ENTITY_TOO_LARGE) from error
        except ValueError as error:
            raise ApiError(Fault.INVALID_JSON) from error
        items = body if isinstance(body, list) else []
        if not all(isinstance(each, dict) for each in items):
            raise ApiError(Fault.INVALID_FORM)
        return Call(
            self._desk,
            request.match_info,
            request.query,
            cast("Json", body) if isinstance(body, dict) else {},
            items,
            uploads,
        )

    async def _attachment(self, request: web.Request) -> web.Response:
        """Give out a file that was posted; its address is its only secret."""
        parts = request.match_info
        for message in self._desk.messages.all_in(int(parts["channel"])) if parts["channel"].isdecimal() else []:
            for attachment in message.attachments:
                if str(attachment.id) == parts["attachment"]:
                    return web.Response(body=attachment.data, headers={"Content-Type": attachment.content_type})
        return web.Response(status=404)

    async def _unknown(self, request: web.Request) -> web.Response:
        self._record("rest.unknown", method=request.method, path=request.path)
        return _refusal(ApiError(Fault.NOT_FOUND))


def _json(answer: Json | list[Json], *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """`Content-Type` without a charset: discord.py compares it as a whole."""
    return web.Response(
        body=json.dumps(answer).encode(), status=status, headers={"Content-Type": "application/json", **(headers or {})}
    )


def _refusal(error: ApiError, headers: dict[str, str] | None = None) -> web.Response:
    return _json(error.body(), status=error.fault.status, headers=headers)


def _rate_headers(route: Route, verdict: Verdict) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(verdict.rate.count),
        "X-RateLimit-Remaining": str(verdict.remaining),
        "X-RateLimit-Reset-After": f"{verdict.reset_after:.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(route.bucket.encode()).hexdigest()[:32],
    }


def _too_many(verdict: Verdict, headers: dict[str, str], *, scope: str) -> web.Response:
    """429; `Via` marks an answer of the API itself, as opposed to one of the edge in front of it."""
    body: Json = {
        "message": "You are being rate limited.",
        "retry_after": round(verdict.reset_after, 3),
        "global": scope == "global",
    }
    extra = {"Via": "1.1 sandbox", "Retry-After": str(math.ceil(verdict.reset_after)), "X-RateLimit-Scope": scope}
    if scope == "global":
        extra["X-RateLimit-Global"] = "true"
    return _json(body, status=429, headers=headers | extra)
