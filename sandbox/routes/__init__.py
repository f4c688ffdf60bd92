"""What the REST API answers, one module a domain: tables of routes whose handlers read and change the world. No I/O."""

from __future__ import annotations

from sandbox.routes.base import Call, Desk, Route
from sandbox.routes.channels import CHANNEL_ROUTES
from sandbox.routes.guilds import GUILD_ROUTES
from sandbox.routes.interactions import INTERACTION_ROUTES
from sandbox.routes.messages import MESSAGE_ROUTES

ROUTES: tuple[Route, ...] = (*GUILD_ROUTES, *CHANNEL_ROUTES, *MESSAGE_ROUTES, *INTERACTION_ROUTES)
"""All of them."""

__all__ = ["ROUTES", "Call", "Desk", "Route"]
