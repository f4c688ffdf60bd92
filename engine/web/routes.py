"""The page and its parts, and the token that it works with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from engine.errors import Forbidden, NotFound
from engine.web.access import PUBLIC, check_page
from wire.tokens import TokenAnswer

if TYPE_CHECKING:
    from engine.auth import Tokens

SESSION_PATH: Final = "/web/session"
_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page, as it is sent."""

    body: bytes
    media_type: str
    etag: str


def _read(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, _TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def web_routes(tokens: Tokens, *, public: bool) -> APIRouter:
    """`/`, `/web/<file>` and `POST /web/session`; a `public` engine gives no sessions."""
    files = {path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}
    router = APIRouter()

    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request) -> Response:
        """The page itself."""
        return _answer(request, files["index.html"])

    @router.api_route("/web/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    async def part(request: Request, name: str) -> Response:
        """A module, the style, the icon."""
        if name not in files:
            raise NotFound("The page has no such part.")
        return _answer(request, files[name])

    @router.post(SESSION_PATH)
    async def session(request: Request) -> Response:
        """A short-lived token for the page that asks, if it is the engine's own on this machine. Raises `Forbidden`."""
        if public:
            raise Forbidden(PUBLIC)
        check_page(request)
        text, seconds = tokens.issue_to_page()
        return Response(TokenAnswer(access_token=text, expires_in=seconds).wire(), media_type="application/json")

    return router


def _answer(request: Request, file: _File) -> Response:
    headers = {**_HEADERS, "ETag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)
