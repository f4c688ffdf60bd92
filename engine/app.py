"""Puts the engine's parts together: the only place that knows all of them."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import JSONResponse, Response

from engine.auth import Tokens, load_credentials
from engine.clock import SystemClock
from engine.conversations import routes
from engine.conversations.routes import Archive, ShapeResponse
from engine.errors import BadRequest, EngineFault, Forbidden, NotFound, Overloaded, Unauthorized
from engine.streaming.endpoint import streaming_routes
from engine.streaming.hub import Hub
from engine.web.routes import web_routes
from wire.tokens import TOKEN_PATH, Refusal, TokenAnswer, TokenRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from engine.auth import Credentials
    from engine.clock import Clock
    from engine.conversations.store import Store
    from engine.recognition.types import Recognition
    from engine.settings import EngineSettings
    from engine.streaming.findings import InsightsFactory

_logger = logging.getLogger(__name__)

MAX_BODY: Final = 65_536
"""Bytes of a REST body."""
STATUS: Final[dict[type[EngineFault], int]] = {Unauthorized: 401, Forbidden: 403, NotFound: 404, BadRequest: 400, Overloaded: 429}


def create_app(
    settings: EngineSettings,
    recognition: Recognition,
    insights: InsightsFactory,
    store: Store,
    *,
    clock: Clock | None = None,
    credentials: Credentials | None = None,
) -> FastAPI:
    """The whole engine as one ASGI application.

    It takes over `recognition` and `store` and closes them when it ends. `app.state.hub` is its `Hub`: whoever runs the
    server calls `hub.close()` before sockets are cut, so that conversations end in order.

    Raises:
        SettingsError: the credentials cannot be read or kept.
    """
    clock = clock or SystemClock()
    tokens = Tokens(credentials or load_credentials(settings), clock)
    hub = Hub(recognition, insights, store, clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await hub.start()
        try:
            yield
        finally:
            await hub.close()
            await recognition.close()
            await store.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None, redirect_slashes=False)
    app.state.hub = hub
    app.state.archive = Archive(store, tokens, clock, hub.discard)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    app.include_router(_service_routes(hub, tokens, recognition))
    app.include_router(routes.router)
    app.include_router(streaming_routes(hub, tokens))
    app.include_router(web_routes(tokens))
    _answer_errors(app)
    return app


def _service_routes(hub: Hub, tokens: Tokens, recognition: Recognition) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> JSONResponse:
        """Whether the engine works, without a token. `lag`: seconds by which the oldest waiting utterance is late."""
        return JSONResponse({"status": "ok", "lag": round(recognition.lag(), 3), "streams": hub.streams})

    @router.post(TOKEN_PATH)
    async def generate_token(request: Request) -> Response:
        """Trade the application's id and secret for a token."""
        try:
            asked = TokenRequest.model_validate_json(await _body(request))
        except ValidationError as error:
            raise BadRequest("The body must be a JSON object with type, appId and appSecret.") from error
        if asked.type != "application":
            raise BadRequest('"type" must be "application".')
        text, seconds = tokens.issue(asked.app_id, asked.app_secret)
        return ShapeResponse(TokenAnswer(access_token=text, expires_in=seconds))

    return router


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BadRequest(f"The body is larger than {MAX_BODY} bytes.")
    return bytes(body)


def _answer_errors(app: FastAPI) -> None:
    """Every error of REST is `{"message": ...}`."""

    @app.exception_handler(EngineFault)
    async def fault(_: Request, error: EngineFault) -> JSONResponse:
        return _refusal(STATUS.get(type(error), 500), str(error))

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return _refusal(error.status_code, f"{error.detail}.", error.headers)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return _refusal(400, f'"{first["loc"][-1]}" is wrong: {first["msg"]}.')

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        _logger.error("%s %s failed.", request.method, request.url.path, exc_info=error)
        return _refusal(500, "The engine made a mistake: its log says which.")


def _refusal(status: int, message: str, headers: object = None) -> JSONResponse:
    return JSONResponse(Refusal(message=message).as_json(), status, headers if isinstance(headers, dict) else None)
