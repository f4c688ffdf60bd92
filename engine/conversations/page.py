"""The page of an experience: a conversation to look at in a browser, by an address that proves itself."""

from __future__ import annotations

import hmac
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path
from starlette.responses import HTMLResponse, Response

from engine.conversations import reading, shapes
from engine.conversations.access import Kept  # noqa: TC001 - FastAPI reads the annotation
from engine.conversations.store import UNKNOWN
from engine.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE_NAME: Final = "verbose-text-summary"
PAGE_PATH: Final = "/experiences"
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *; base-uri 'none'; form-action 'none'"

router = APIRouter(prefix=PAGE_PATH, include_in_schema=False)


@router.get("/{name}/{conversation_id}/{signature}")
async def get_page(
    archive: Kept,
    name: Annotated[str, Path(max_length=64)],
    conversation_id: Annotated[str, Path(max_length=64)],
    signature: Annotated[str, Path(max_length=128)],
) -> Response:
    """The address that `POST .../experiences` gave out; whoever has it can read the page, without a token."""
    good = archive.signature(conversation_id, name)
    if name != PAGE_NAME or not hmac.compare_digest(good.encode(), signature.encode()):
        raise NotFound(UNKNOWN)
    known = await archive.store.known(conversation_id)
    members = (await archive.store.members([known.id]))[known.id]
    names = {member.id: member.name or member.user_id or "Unknown speaker" for member in members}
    people = shapes.People(members)
    insights = await archive.store.insights(known.id, None)
    by_kind = {
        kind: [people.text(row) for row in insights if row.kind == kind] for kind in ("action_item", "follow_up", "question")
    }
    said = await reading.said(archive.store, known.id)
    page = Template((files("engine.conversations") / "data" / "experience.html").read_text(encoding="utf-8")).substitute(
        title=escape(known.name),
        people=escape(", ".join(names.values())),
        summary=_list(row.text for row in await reading.summary(archive.store, known.id) if not row.section),
        topics=_list(row.text for row in await archive.store.topics(known.id)),
        actions=_list(by_kind["action_item"]),
        follow_ups=_list(by_kind["follow_up"]),
        questions=_list(by_kind["question"]),
        transcript="\n".join(f"<p><b>{escape(names[one.member_id])}</b> {escape(one.text)}</p>" for one in said),
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"})


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"<li>{escape(item)}</li>" for item in items) or "<li>None</li>"
