"""Puts the engine's parts together: the only place that knows all of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response

from engine.auth import Tokens
from engine.bodies import BodyLimit, most_of
from engine.clock import SystemClock
from engine.conversations import collections, page, reports, routes
from engine.conversations.access import REFUSALS, Archive, ShapeResponse
from engine.conversations.rereading import rereading
from engine.credentials import load_credentials
from engine.errors import BadRequest
from engine.jobs.ledger import Ledger
from engine.jobs.outbound import Outbound
from engine.jobs.routes import Reception, job_routes
from engine.jobs.runner import JobRunner
from engine.jobs.spool import Spool
from engine.jobs.webhooks import Webhooks
from engine.manual import page as manual
from engine.recognition.choice import looking_again
from engine.refusals import answer_errors
from engine.streaming.endpoint import streaming_routes
from engine.streaming.hub import Hub
from engine.web.routes import web_routes
from wire.tokens import TOKEN_PATH, TokenAnswer, TokenRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from engine.clock import Clock
    from engine.conversations.models import ConversationRow
    from engine.conversations.store import Store
    from engine.credentials import Credentials
    from engine.recognition.second_look import SecondLook
    from engine.recognition.types import Recognition
    from engine.settings import EngineSettings
    from engine.streaming.findings import InsightsFactory


def create_app(
    settings: EngineSettings,
    recognition: Recognition,
    insights: InsightsFactory,
    store: Store,
    *,
    clock: Clock | None = None,
    credentials: Credentials | None = None,
    outbound: Outbound | None = None,
    second_look: SecondLook | None = None,
) -> FastAPI:
    """The whole engine as one ASGI application.

    It takes over `recognition` and `store` and closes them when it ends. `app.state.hub` is its `Hub`: whoever runs the
    server calls `hub.close()` before sockets are cut, so that conversations end in order.

    Raises:
        SettingsError: the credentials cannot be read or kept.
    """
    clock = clock or SystemClock()
    known = credentials or load_credentials(settings)
    tokens = Tokens(known, clock)
    readers = rereading(settings, store, clock)
    look = second_look or looking_again(settings)
    hub = Hub(recognition, insights, store, clock, readers.take if readers else _nobody_reads, look)
    outbound = outbound or Outbound([host.strip() for host in settings.outbound_hosts.split(",") if host.strip()])
    ledger = Ledger(store)
    spool = Spool(settings.data_dir / "engine" / "jobs", settings.upload_mb * 1_000_000)
    webhooks = Webhooks(ledger, outbound, known.applications, clock)
    jobs = JobRunner(store, ledger, spool, recognition, insights, outbound, webhooks, clock, settings.jobs)

    async def discard(conversation_id: str) -> None:
        await hub.discard(conversation_id)
        await jobs.discard(conversation_id)
        if readers:
            await readers.discard(conversation_id)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if readers:
            await readers.start()
        await hub.start()
        await jobs.start()
        try:
            yield
        finally:
            await hub.close()
            await jobs.close()
            if readers:
                await readers.close()
            if look is not None:
                await look.close()
            await recognition.close()
            await store.close()

    app = FastAPI(
        lifespan=lifespan,
        openapi_url=None,  # `engine.manual` serves it
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,  # some clients send JSON without saying so
    )
    app.state.hub = hub
    app.state.archive = Archive(
        store, tokens, clock, insights, discard, known.signing_key.encode(), settings.public_url, settings.link_days * 86_400
    )
    app.state.reception = Reception(ledger, jobs, outbound, clock, known.applications, recognition)
    app.add_middleware(BodyLimit, most=most_of)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    app.include_router(_service_routes(hub, tokens, recognition))
    for router in (
        routes.list_router,
        routes.router,
        collections.router,
        reports.router,
        page.router,
        job_routes(),
        manual.router,
    ):
        app.include_router(router)
    app.include_router(streaming_routes(hub, tokens))
    app.include_router(web_routes(tokens, public=bool(settings.public_url)))
    answer_errors(app)
    return app


async def _nobody_reads(_: ConversationRow) -> None:
    """No language model is set up."""


def _service_routes(hub: Hub, tokens: Tokens, recognition: Recognition) -> APIRouter:
    router = APIRouter()

    @router.get("/health", tags=["Service"], summary="Health")
    async def health() -> JSONResponse:
        """Whether the engine works, without a token. `lag`: seconds by which the oldest waiting utterance is late."""
        return JSONResponse({"status": "ok", "lag": round(recognition.lag(), 3), "streams": hub.streams})

    @router.post(TOKEN_PATH, response_model=TokenAnswer, responses=REFUSALS, tags=["Tokens"], summary="Get a token")
    async def generate_token(asked: TokenRequest) -> Response:
        """Trade the application's id and secret for a token; the same one for as long as it lives."""
        if asked.type != "application":
            raise BadRequest('"type" must be "application".')
        text, seconds = tokens.issue(asked.app_id, asked.app_secret)
        return ShapeResponse(TokenAnswer(access_token=text, expires_in=seconds))

    return router
