"""Reads a whole meeting with a language model, part by part, within a limit of time; what fails is read by the local engine."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from engine.insights.language_model.answers import DigestAnswer, PassageAnswer, read, schema
from engine.insights.language_model.faults import ModelFault, NoAnswer, OutOfReach
from engine.insights.language_model.grounding import rests_on
from engine.insights.language_model.minutes import Minutes, Point
from engine.insights.language_model.passages import digest_prompt, passage_prompt, passages
from engine.insights.summary import Said, summarise
from engine.insights.types import Changes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from engine.clock import Clock
    from engine.insights.language_model.answers import Answer
    from engine.insights.language_model.chat import Model
    from engine.insights.language_model.passages import Passage, Prompt
    from engine.insights.types import Speaker, Utterance

ONE_ANSWER: Final = 120.0
"""Seconds that one answer may take at most."""
LEAST: Final = 1.0
"""Seconds that must be left to ask at all."""
FAILURES: Final = 2
"""Parts in a row without an answer after which the model is asked no more."""
QUOTES: Final = 3
"""Sentences that stand in the summary for a part that the model did not read."""
MOST_POINTS: Final = 120
"""That a summary is written from."""
_LIMITS: Final = {"discussed": 8, "decided": 12, "open": 8}

MadeBy = Literal["language_model", "local", "both"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meeting came to, and who found it. `points` are empty where the local engine has to write the summary.

    `reason` says why the local engine had to help, the rest of a sentence that begins with the model's name.
    """

    changes: Changes
    points: tuple[Point, ...]
    made_by: MadeBy
    reason: str | None


class MeetingReader:
    """`seconds` is the limit for a whole meeting; `code` draws what nobody can guess."""

    def __init__(self, model: Model, clock: Clock, code: Callable[[], str], *, seconds: float) -> None:
        self._model = model
        self._clock = clock
        self._code = code
        self._seconds = seconds

    async def read(
        self,
        said: Sequence[Utterance],
        roster: Sequence[Speaker],
        local: Changes,
        progress: Callable[[float], Awaitable[None]],
    ) -> Reading:
        """The meeting as the model reads it. `local` is what the local engine found; `progress` is told the share that is done."""
        deadline = self._clock.time() + self._seconds
        parts = passages(said)
        minutes = Minutes(said, roster)
        reasons: list[str] = []
        silent = 0
        for number, part in enumerate(parts):
            await progress(number / (len(parts) + 1))
            try:
                if silent >= FAILURES:
                    raise OutOfReach(reasons[-1])
                prompt = passage_prompt(said, part, self._code())
                answer = await self._ask(PassageAnswer, prompt, "minutes", deadline)
                await asyncio.to_thread(minutes.take, part, answer)
                silent = 0
            except ModelFault as fault:
                reasons.append(str(fault))
                silent = FAILURES if isinstance(fault, OutOfReach) else silent + isinstance(fault, NoAnswer)
                quotes = await asyncio.to_thread(_quotes, said, part)
                await asyncio.to_thread(minutes.keep, part, local.insights, local.topics, quotes)
        if len(reasons) == len(parts):
            return Reading(local, (), "local", reasons[0] if reasons else None)
        points = minutes.points
        if len(parts) > 1 and points:
            await progress(len(parts) / (len(parts) + 1))
            points = await self._digest(_thinned(points), deadline, reasons)
        changes = Changes(minutes.insights(), minutes.topics())
        told = f"{reasons[0]}, {len(reasons)} of {len(parts) + (len(parts) > 1)} times" if reasons else None
        return Reading(changes, _limited(points), "both" if reasons else "language_model", told)

    async def _digest(self, points: Sequence[Point], deadline: float, reasons: list[str]) -> list[Point]:
        """The summary of all parts; empty where the local engine has to write it."""
        known = {f"p{number}": point for number, point in enumerate(points, 1)}
        rows = [(name, point.kind, point.text) for name, point in known.items()]
        try:
            answer = await self._ask(DigestAnswer, digest_prompt(rows, self._code()), "summary", deadline)
        except ModelFault as fault:
            reasons.append(str(fault))
            return []
        found: list[Point] = []
        for one in answer.points:
            named = [known[name] for name in one.message_ids if name in known]
            if len(named) == len(one.message_ids) and rests_on(one.text, [point.text for point in named]):
                ids = dict.fromkeys(message_id for point in named for message_id in point.message_ids)
                found.append(Point(one.kind, " ".join(one.text.split()), tuple(ids)))
        return found

    async def _ask(self, kind: type[Answer], prompt: Prompt, name: str, deadline: float) -> Answer:
        left = deadline - self._clock.time()
        if left < LEAST:
            raise OutOfReach(f"did not finish within {self._seconds:.0f} s")
        text = await self._model.ask(prompt, name, schema(kind), min(ONE_ANSWER, left))
        return read(kind, text)


def _quotes(said: Sequence[Utterance], part: Passage) -> list[Point]:
    """The sentences that say most in a part that the model did not read."""
    messages = [Said(one.id, one.speaker.name, one.text) for one in said[part.fresh : part.end]]
    return [Point("discussed", one.text, one.message_ids) for one in summarise(messages, {}, ())[:QUOTES]]


def _thinned(points: Sequence[Point]) -> list[Point]:
    """As many as can be read at once, spread over the meeting."""
    step = -(-len(points) // MOST_POINTS)
    return list(points[:: max(1, step)])


def _limited(points: Sequence[Point]) -> tuple[Point, ...]:
    counts: Counter[str] = Counter()
    kept = []
    for point in points:
        counts[point.kind] += 1
        if counts[point.kind] <= _LIMITS[point.kind]:
            kept.append(point)
    return tuple(kept)
