"""Hands text to an engine over HTTP, as any client of the Async API does, and asks what it made of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import httpx
from pydantic import BaseModel, Field

from wire.base import Payload, Person
from wire.conversations import CONVERSATIONS_PATH, ActionItem, ActionItems, FollowUps, Messages, Question, Questions, Topics
from wire.jobs import JOB_PATH, PROCESS_PATH, Accepted, Job, TextMessage, TextRequest, TextSpan
from wire.tokens import TOKEN_PATH, TokenAnswer, TokenRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path


class _Introduction(BaseModel):
    """The first line of `benchmarks.insights_engine`."""

    url: str
    app_id: str = Field(alias="appId")
    app_secret: str = Field(alias="appSecret")


_ASK_AGAIN = 0.05
_PATIENCE = 300.0
_Shape = TypeVar("_Shape", bound=BaseModel)


class Line(NamedTuple):
    """What is handed over: who said it, what, and when; without a time it stands where the one before it ended."""

    speaker: str
    text: str
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Places of messages and texts that the API gave for one conversation; `seconds` from handing over to the job's end."""

    places: dict[str, int]
    questions: list[Question]
    to_do: list[ActionItem]
    topics: list[str]
    seconds: float

    def of(self, item: Question | ActionItem) -> list[int]:
        """The places of the messages that an item rests on."""
        return [self.places[one] for one in item.message_ids]


class Client:
    """One application of one engine."""

    def __init__(self, url: str, app_id: str, app_secret: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=60.0)
        asked = TokenRequest(type="application", app_id=app_id, app_secret=app_secret)
        token = self._ask("POST", TOKEN_PATH, TokenAnswer, asked.wire()).access_token
        self._http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def process(self, lines: Sequence[Line]) -> Found:
        """Hand a meeting over, wait for its job, and fetch what was found; `lines` must be in the order of their times."""
        began = time.perf_counter()
        accepted = self._ask(
            "POST", f"{PROCESS_PATH}/text", Accepted, TextRequest(messages=[_message(line) for line in lines]).wire()
        )
        while (job := self._ask("GET", f"{JOB_PATH}/{accepted.job_id}", Job)).status not in {"completed", "failed"}:
            if time.perf_counter() - began > _PATIENCE:
                sys.exit(f"The job has not ended after {_PATIENCE:.0f} s.")
            time.sleep(_ASK_AGAIN)
        if job.status == "failed":
            sys.exit(f"The job failed: {job.reason}")
        seconds = time.perf_counter() - began
        home = f"{CONVERSATIONS_PATH}/{accepted.conversation_id}"
        messages = self._ask("GET", f"{home}/messages", Messages).messages
        said = [line.text for line in lines if line.text.split()]
        if [message.text for message in messages] != [" ".join(text.split()) for text in said]:
            sys.exit("The messages are not those that were handed over, or not in their order.")
        spoken = [place for place, line in enumerate(lines) if line.text.split()]
        return Found(
            places={message.id: place for message, place in zip(messages, spoken, strict=True)},
            questions=self._ask("GET", f"{home}/questions", Questions).questions,
            to_do=[
                *self._ask("GET", f"{home}/action-items", ActionItems).action_items,
                *self._ask("GET", f"{home}/follow-ups", FollowUps).follow_ups,
            ],
            topics=[topic.text for topic in self._ask("GET", f"{home}/topics", Topics).topics],
            seconds=seconds,
        )

    def _ask(self, method: str, path: str, shape: type[_Shape], body: str | None = None) -> _Shape:
        answer = self._http.request(method, path, content=body, headers={"Content-Type": "application/json"})
        if not answer.is_success:
            sys.exit(f"{method} {path} was answered {answer.status_code}: {answer.text[:200]}")
        return shape.model_validate_json(answer.content)


def _message(line: Line) -> TextMessage:
    span = TextSpan(start_time=line.start, end_time=line.end) if line.start is not None else None
    return TextMessage(payload=Payload(content=line.text), from_=Person(name=line.speaker), duration=span)


@contextlib.contextmanager
def engine(models: Path | None = None) -> Iterator[Client]:
    """An engine as a program of its own, in a folder that is gone afterwards, and a client of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-m", "benchmarks.insights_engine", folder, *([os.fspath(models)] if models else [])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                client = Client(**_Introduction.model_validate_json(process.stdout.readline()).model_dump())
                yield client
                client.close()
            finally:
                process.send_signal(signal.SIGTERM)
