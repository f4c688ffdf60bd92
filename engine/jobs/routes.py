"""The Async API: hand text or sound over, ask how the job stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response  # noqa: TC002 - FastAPI reads the annotation

from engine.conversations.access import NOT_FOUND, REFUSALS, Application, Known, ShapeResponse
from engine.conversations.models import ConversationRow, JobRow
from engine.conversations.store import new_id, new_uuid
from engine.errors import BadRequest
from engine.jobs import text
from engine.jobs.desk import mask_of, trackers_of
from engine.jobs.wishes import sound_wishes
from wire.jobs import JOB_PATH, PROCESS_PATH, Accepted, Job, SoundWishes, TextRequest, UrlRequest, Wishes
from wire.tokens import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.clock import Clock
    from engine.conversations.models import Json
    from engine.jobs.ledger import Ledger
    from engine.jobs.outbound import Outbound
    from engine.jobs.runner import JobRunner
    from engine.recognition.types import Recognition

MEDIA: Final = ("audio", "video")
MAX_PHRASES: Final = 5_000
"""Phrases of all trackers together."""
_TOO_MANY: Final[dict[int | str, dict[str, Any]]] = {
    429: {"model": Refusal, "description": "Too many jobs wait or work"},
}
_RAW: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The file itself: WAV, MP3, FLAC, Ogg, MP4, WebM, ...; of a video its sound is taken.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@dataclass(frozen=True, slots=True)
class Reception:
    """What the routes work with; stands in `app.state.reception`."""

    ledger: Ledger
    runner: JobRunner
    outbound: Outbound
    clock: Clock
    secrets: Mapping[str, str]
    """By application id: webhooks are signed with them."""
    recognition: Recognition

    def check(self, app_id: str, wishes: Wishes) -> None:
        """Refuse what cannot be done, before anything is kept. Raises `BadRequest`."""
        if wishes.webhook_url is not None:
            self.outbound.check("webhookUrl", wishes.webhook_url)
            if app_id not in self.secrets:
                raise BadRequest('"webhookUrl" is for applications with a secret, which signs what is sent there.')
        phrases = [phrase for tracker in wishes.trackers for phrase in tracker.vocabulary]
        if len(phrases) > MAX_PHRASES or any(len(phrase) > 200 for phrase in phrases):
            raise BadRequest(f'"trackers" hold at most {MAX_PHRASES} phrases of 200 characters.')
        language = wishes.language_code if isinstance(wishes, SoundWishes) else None
        if language is not None:
            self.recognition.check_language(language)

    async def accept(
        self,
        app_id: str,
        kind: Literal["text", "sound"],
        wishes: Wishes,
        payload: Json,
        known: ConversationRow | None,
        began: float,
        zone: float = 0.0,
    ) -> Response:
        """Keep the job, with a conversation of its own if it has none yet."""
        conversation = _conversation(app_id, wishes, began, zone) if known is None else None
        owner = conversation or known
        assert owner is not None, "one of the two is there"
        job = JobRow(
            id=new_uuid(),
            conversation_id=owner.id,
            app_id=app_id,
            kind=kind,
            status="scheduled",
            options=wishes.model_dump(mode="json", by_alias=True, exclude={"messages", "url"}),
            payload=payload,
            webhook_url=wishes.webhook_url,
            created=self.clock.time(),
        )
        await self.runner.submit(job, conversation)
        return ShapeResponse(Accepted(conversation_id=owner.id, job_id=job.id), 201)


def _conversation(app_id: str, wishes: Wishes, began: float, zone: float) -> ConversationRow:
    conversation_id = new_id()
    return ConversationRow(
        id=conversation_id,
        app_id=app_id,
        connection_id="",
        name=wishes.name or conversation_id,
        language=(wishes.language_code if isinstance(wishes, SoundWishes) else None) or "en-US",
        confidence_threshold=0.5 if wishes.confidence_threshold is None else wishes.confidence_threshold,
        timezone_offset=zone,
        no_connection_timeout=0.0,
        start_time=began,
        end_time=began,
        resume_until=None,
        details={},
        trackers=trackers_of(wishes),
        redaction=mask_of(wishes),
    )


def _reception(request: Request) -> Reception:
    reception: Reception = request.app.state.reception
    return reception


At = Annotated[Reception, Depends(_reception)]
Asked = Annotated[SoundWishes, Depends(sound_wishes)]


async def _finished(known: Known) -> ConversationRow:
    if known.end_time is None:
        raise BadRequest("A stream still feeds this conversation: append to it once it is complete.")
    return known


Appended = Annotated[ConversationRow, Depends(_finished)]


def job_routes() -> APIRouter:
    """The Async API. Sound and video have the same calls: of a video its sound is taken."""
    router = APIRouter(tags=["Async"], responses={**REFUSALS, **_TOO_MANY})
    taken: dict[str, Any] = {"response_model": Accepted, "status_code": 201}
    more: dict[str, Any] = {**taken, "responses": NOT_FOUND}
    path = f"{PROCESS_PATH}/text"
    router.add_api_route(path, post_text, methods=["POST"], summary="Process text", **taken)
    router.add_api_route(f"{path}/{{conversation_id}}", put_text, methods=["PUT"], summary="Append text", **more)
    for media in MEDIA:
        path, what = f"{PROCESS_PATH}/{media}", f"{media} file"
        router.add_api_route(path, post_sound, methods=["POST"], summary=f"Process a {what}", openapi_extra=_RAW, **taken)
        router.add_api_route(f"{path}/url", post_url, methods=["POST"], summary=f"Process a {what} at an address", **taken)
        one = f"{path}/{{conversation_id}}"
        router.add_api_route(one, put_sound, methods=["PUT"], summary=f"Append a {what}", openapi_extra=_RAW, **more)
        one = f"{path}/url/{{conversation_id}}"
        router.add_api_route(one, put_url, methods=["PUT"], summary=f"Append a {what} at an address", **more)
    router.add_api_route(
        f"{JOB_PATH}/{{job_id}}",
        get_job,
        methods=["GET"],
        summary="How a job stands",
        response_model=Job,
        response_model_exclude_none=True,
        responses=NOT_FOUND,
    )
    return router


async def get_job(at: At, app_id: Application, job_id: Annotated[str, Path(max_length=64)]) -> Response:
    """Scheduled, in_progress, completed or failed; a failed one says why."""
    row = await at.ledger.job(app_id, job_id)
    return ShapeResponse(Job.model_validate({"id": row.id, "status": row.status, "reason": row.reason}))


async def post_text(at: At, app_id: Application, asked: TextRequest) -> Response:
    """Make a conversation of messages that were written or said elsewhere."""
    return await _text(at, app_id, asked, None)


async def put_text(at: At, app_id: Application, known: Appended, asked: TextRequest) -> Response:
    """Add messages to a conversation."""
    return await _text(at, app_id, asked, known)


async def _text(at: Reception, app_id: str, asked: TextRequest, known: ConversationRow | None) -> Response:
    at.check(app_id, asked)
    began = text.begin_of(asked.messages, at.clock.time())
    with at.runner.place(app_id, await at.ledger.count(app_id)):
        payload = {"messages": [message.as_json() for message in asked.messages]}
        return await at.accept(app_id, "text", asked, payload, known, began, text.zone_of(asked.messages))


async def post_sound(request: Request, at: At, app_id: Application, asked: Asked) -> Response:
    """Make a conversation of a recording: the file is the body, wishes stand in the query."""
    return await _sound(request, at, app_id, asked, None)


async def put_sound(request: Request, at: At, app_id: Application, known: Appended, asked: Asked) -> Response:
    """Add a recording to a conversation: it follows what is there."""
    return await _sound(request, at, app_id, asked, known)


async def _sound(request: Request, at: Reception, app_id: str, asked: SoundWishes, known: ConversationRow | None) -> Response:
    at.check(app_id, asked)
    with at.runner.place(app_id, await at.ledger.count(app_id)):
        name = await at.runner.spool.save(request.stream())
        try:
            return await at.accept(app_id, "sound", asked, {"file": name}, known, at.clock.time())
        except BaseException:
            at.runner.spool.remove(name)
            raise


async def post_url(at: At, app_id: Application, asked: UrlRequest) -> Response:
    """Make a conversation of a recording that the engine downloads. Only hosts that its owner allows, never private addresses."""
    return await _url(at, app_id, asked, None)


async def put_url(at: At, app_id: Application, known: Appended, asked: UrlRequest) -> Response:
    """Add a recording that the engine downloads to a conversation."""
    return await _url(at, app_id, asked, known)


async def _url(at: Reception, app_id: str, asked: UrlRequest, known: ConversationRow | None) -> Response:
    at.outbound.check("url", asked.url)
    at.check(app_id, asked)
    with at.runner.place(app_id, await at.ledger.count(app_id)):
        return await at.accept(app_id, "sound", asked, {"url": asked.url}, known, at.clock.time())
