"""The WebSocket addresses: streaming and listening."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, WebSocket
from starlette.responses import JSONResponse

from engine.errors import BadRequest, EngineFault, NotFound, Overloaded, Unauthorized
from engine.streaming.outlet import Outlet
from engine.streaming.session import StreamSession
from wire.requests import PING, PONG
from wire.tokens import Refusal

if TYPE_CHECKING:
    from engine.auth import Tokens
    from engine.streaming.hub import Hub

_logger = logging.getLogger(__name__)

MAX_CONNECTION_ID: Final = 256
_STATUS: Final[dict[type[EngineFault], int]] = {Unauthorized: 401, NotFound: 404, BadRequest: 400, Overloaded: 503}


def streaming_routes(hub: Hub, tokens: Tokens) -> APIRouter:
    """The four addresses; the connection id is everything behind the prefix, percent-decoded."""
    router = APIRouter()

    @router.websocket("/v1/streaming/{connection_id:path}")
    @router.websocket("/v1/realtime/insights/{connection_id:path}")
    async def stream(websocket: WebSocket, connection_id: str) -> None:
        app_id = await _enter(websocket, tokens, connection_id)
        if app_id is None:
            return
        outlet = Outlet(websocket)
        try:
            hub.admit(outlet)
        except Overloaded as error:
            await _deny(websocket, error)
            return
        try:
            await websocket.accept(_echo(websocket))
            await StreamSession(hub, websocket, outlet, app_id, connection_id).run()
        finally:
            hub.dismiss(outlet)

    @router.websocket("/v1/subscribe/{connection_id:path}")
    @router.websocket("/session/subscribe/{connection_id:path}")
    async def subscribe(websocket: WebSocket, connection_id: str) -> None:
        app_id = await _enter(websocket, tokens, connection_id)
        if app_id is None:
            return
        outlet = Outlet(websocket)
        try:
            room = hub.find(app_id, connection_id)
            hub.admit(outlet, listener=True)
        except (NotFound, Overloaded) as error:
            await _deny(websocket, error)
            return
        try:
            await websocket.accept(_echo(websocket))
            room.subscribe(outlet)
            await _listen(websocket, outlet)
        finally:
            room.unsubscribe(outlet)
            hub.dismiss(outlet)

    return router


async def _enter(websocket: WebSocket, tokens: Tokens, connection_id: str) -> str | None:
    """The application that knocks; None when it was sent away."""
    try:
        app_id = tokens.of_upgrade(websocket, websocket.scope["subprotocols"])
        if not 1 <= len(connection_id) <= MAX_CONNECTION_ID:
            raise BadRequest(f"The connection id must have 1 to {MAX_CONNECTION_ID} characters.")
    except EngineFault as error:
        await _deny(websocket, error)
        return None
    return app_id


async def _deny(websocket: WebSocket, error: EngineFault) -> None:
    """Refuse the upgrade with the same status and body as REST."""
    await websocket.send_denial_response(JSONResponse(Refusal(message=str(error)).as_json(), _STATUS[type(error)]))


def _echo(websocket: WebSocket) -> str | None:
    """The subprotocol to answer with: browsers drop a connection whose offer was not taken up."""
    offered: list[str] = websocket.scope["subprotocols"]
    return offered[0] if offered else None


async def _listen(websocket: WebSocket, outlet: Outlet) -> None:
    """A listener has nothing to say; its keep-alive is answered."""
    reader = asyncio.create_task(_answer_pings(websocket, outlet))
    try:
        await outlet.run()
    finally:
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader


async def _answer_pings(websocket: WebSocket, outlet: Outlet) -> None:
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        if message.get("text") == PING:
            outlet.send(PONG)
    outlet.close()
