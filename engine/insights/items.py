"""The items of a meeting: what stands, what changed, what is the same thing said again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.insights import due as due_dates
from engine.insights.endings import dangles, leads_in, whole
from engine.insights.merge import WINDOW, content_stems, same_thing
from engine.insights.normalise import normalise, sentences
from engine.insights.rewrite import action_text, as_sentence, quoted, with_context
from engine.insights.types import Due, Insight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.insights.actions import Candidate
    from engine.insights.due import DueRead
    from engine.insights.questions import Asked
    from engine.insights.reading import Sentence
    from engine.insights.types import Speaker, Utterance

MOST_ITEMS = 2_000
_ANSWER_WITHIN = 3
"""Messages within which a request is answered."""
_ACCEPTED_BONUS = 0.15
_LIKELY = 0.3
_STANDS_ALONE = 0.9
_SHORT_QUESTION = 4
"""Words of a question that are shown whatever they are."""
_SHORTEST_SHOWN = 3
"""Words that are left of it when its opening words are left out."""
_SAYS_NOTHING = 0.55
"""The score that a question without a word of its own, or broken off, has at most: `Is it?`, `What's the?`."""
_ADDRESSING = frozenset({"request", "explicit", "remind", "imperative"})
"""Requests that a mere `yeah` accepts; of `we should` and `somebody has to` it does not say who will."""
_ASKING = frozenset({"request.can-we", "request.going", "request.would-like"})
"""Those of them that are questions all the same."""
_REQUESTS = frozenset({"request", "third", "explicit", "need", "remind", "imperative", "joint"})


@dataclass(slots=True)
class Item:
    """An insight with what is needed to change it."""

    insight: Insight
    message: int
    stems: frozenset[str]
    sentence: Sentence
    candidate: Candidate | None = None
    text: str = ""
    earlier: tuple[str, ...] = ()
    """What was said before it, the latest first."""


class ItemBook:
    """Adds, merges and numbers the items of one meeting."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._items: dict[str, Item] = {}
        self._open: list[str] = []
        self._changed: dict[str, None] = {}
        self._message = 0
        self._count = 0

    def next_message(self) -> None:
        """Counts a message; items older than the window are no longer looked at."""
        self._message += 1
        self._open = [key for key in self._open if self._message - self._items[key].message <= WINDOW]

    def changed(self) -> list[Insight]:
        """What is new or changed since the last call and stands."""
        found = [self._items[key].insight for key in self._changed if key in self._items]
        self._changed.clear()
        return [insight for insight in found if insight.score >= self._threshold]

    def standing(self) -> list[Insight]:
        """All items that stand, the surest first."""
        found = [item.insight for item in self._items.values() if item.insight.score >= self._threshold]
        return sorted(found, key=lambda insight: -insight.score)

    def requested_in(self, utterance: Utterance, sentence: Sentence) -> bool:
        """Whether a standing item was asked of somebody in this sentence: `could you send it?` wants no answer; `should I send it?` does."""
        return any(
            item.candidate is not None
            and item.candidate.clause.frame.family in _ADDRESSING
            and item.candidate.clause.frame.name not in _ASKING
            and item.sentence is sentence
            and item.insight.score >= self._threshold
            and utterance.id in item.insight.message_ids
            for item in (self._items[key] for key in self._open)
        )

    def add_question(self, utterance: Utterance, asked: Asked, before: Utterance | None) -> None:
        """A question; `before` is the message it asks assent to."""
        tokens = asked.sentence.tokens[asked.first : asked.last + 1]
        spoken = [token.word for token in tokens]
        shown = tokens[leads_in(spoken, _SHORTEST_SHOWN) : whole(spoken, min(len(spoken), _SHORT_QUESTION))]
        text = as_sentence(quoted(shown, utterance.text), "?")
        says_nothing = not content_stems(text) or dangles(spoken)
        references: tuple[str, ...] = (utterance.id,)
        if before is not None:
            text = _last_sentence(before.text).rstrip(".?!,") + ", " + text[:1].lower() + text[1:]
            references = (before.id, utterance.id)
            says_nothing = not content_stems(text)
        again = next(
            (key for key in self._open if self._items[key].insight.kind == "question" and self._items[key].insight.text == text),
            None,
        )
        if again is not None:
            insight = self._items[again].insight
            self._items[again].insight = replace(insight, message_ids=_joined(insight.message_ids, utterance.id))
            self._changed[again] = None
            return
        score = min(asked.score, _SAYS_NOTHING) if says_nothing else asked.score
        self._put("question", text, score, references, utterance.speaker, asked.sentence)

    def add_action(
        self,
        utterance: Utterance,
        candidate: Candidate,
        person: Speaker | None,
        siblings: Sequence[Candidate],
        before: Sequence[str],
    ) -> None:
        """A promise or a request, unless it goes on with the one before it or says an earlier one again.

        `before` are the messages before this one, the latest first: what only points back to them is shown with them.
        """
        due = _due(candidate, siblings, utterance)
        text = action_text(candidate, utterance.text, utterance.speaker, person)
        stems = content_stems(text) - (content_stems(person.name) if person else frozenset())
        same = self._beside(candidate, person) or self._same(candidate.kind, stems, person, utterance)
        if same is not None:
            self._restate(same, utterance, candidate, due, person)
            return
        earlier = (utterance.text[: candidate.begin], *before)
        if candidate.names_nothing:
            text = with_context(text, *earlier)
        key = self._put(
            candidate.kind, text, candidate.score, (utterance.id,), utterance.speaker, candidate.sentence, person, due, stems
        )
        self._items[key].candidate = candidate
        self._items[key].text, self._items[key].earlier = utterance.text, earlier

    def accept(self, utterance: Utterance, candidates: Sequence[Candidate]) -> Candidate | None:
        """Attaches an answer to the latest request of somebody else; returns the clause that did no more than agree."""
        for key in reversed(self._open):
            item = self._items[key]
            asked = item.candidate
            if asked is None or asked.clause.frame.family not in _REQUESTS or item.insight.speaker == utterance.speaker:
                continue
            if self._message - item.message > _ANSWER_WITHIN or item.insight.assignee not in {None, utterance.speaker}:
                continue
            answer = next((candidate for candidate in candidates if candidate.clause.frame.family == "commit"), None)
            takes = answer is not None and (answer.points_back or answer.clause.frame.name == "commit.will-have")
            if not takes and asked.clause.frame.family not in _ADDRESSING:
                continue
            taken = answer if takes else None
            self._accepted(item, utterance, taken)
            return taken
        return None

    def _accepted(self, item: Item, utterance: Utterance, answer: Candidate | None) -> None:
        insight, asked = item.insight, item.candidate
        assert asked is not None
        told = _due(answer, (answer,), utterance) if answer is not None else None
        due = told or insight.due
        text = action_text(asked, item.text, insight.speaker, utterance.speaker, accepted=True)
        if told is not None and told.phrase.lower() not in text.lower():
            text = f"{text.rstrip('.')} {told.phrase}."
        if asked.names_nothing:
            text = with_context(text, *item.earlier)
        item.insight = replace(
            insight,
            text=text,
            assignee=utterance.speaker,
            due=_placed(due, text),
            score=_raised(insight.score, answer),
            message_ids=_joined(insight.message_ids, utterance.id),
        )
        self._changed[insight.key] = None
        if item.insight.score >= self._threshold:
            self._withdraw_question(item.sentence)

    def _withdraw_question(self, sentence: Sentence) -> None:
        """A request that turned out to be an item no longer stands as a question."""
        for key in self._open:
            item = self._items[key]
            if item.insight.kind == "question" and item.sentence is sentence:
                item.insight = replace(item.insight, score=0.0)

    def _beside(self, candidate: Candidate, person: Speaker | None) -> Item | None:
        """The item of the same person in the same sentence, unless both clauses stand by themselves."""
        for key in reversed(self._open):
            item = self._items[key]
            if item.message != self._message:
                break
            alone = item.insight.kind != candidate.kind or min(item.insight.score, candidate.score) >= _STANDS_ALONE
            if (
                item.insight.kind != "question"
                and item.sentence is candidate.sentence
                and item.insight.assignee == person
                and not alone
            ):
                return item
        return None

    def _same(self, kind: str, stems: frozenset[str], person: Speaker | None, utterance: Utterance) -> Item | None:
        for key in reversed(self._open):
            item = self._items[key]
            if item.insight.kind == "question" or item.insight.kind != kind:
                continue
            agreed = item.insight.assignee == person or (
                utterance.id not in item.insight.message_ids and None in {item.insight.assignee, person}
            )
            if agreed and same_thing(stems, item.stems):
                return item
        return None

    def _restate(self, item: Item, utterance: Utterance, candidate: Candidate, due: Due | None, person: Speaker | None) -> None:
        insight = item.insight
        promised = candidate.clause.frame.family == "commit" and insight.speaker != utterance.speaker
        dues = [one for one in (insight.due, due) if one is not None]
        later = due if promised and due is not None else max(dues, key=lambda one: one.when, default=None)
        better = candidate.score > insight.score
        text = action_text(candidate, utterance.text, utterance.speaker, person or insight.assignee) if better else insight.text
        item.insight = replace(
            insight,
            text=text,
            score=max(insight.score, candidate.score),
            assignee=insight.assignee or person,
            due=_placed(later, text),
            message_ids=_joined(insight.message_ids, utterance.id),
        )
        item.message = self._message
        if better:
            item.candidate, item.text = candidate, utterance.text
        self._changed[insight.key] = None

    def _put(
        self,
        kind: str,
        text: str,
        score: float,
        references: tuple[str, ...],
        speaker: Speaker,
        sentence: Sentence,
        person: Speaker | None = None,
        due: Due | None = None,
        stems: frozenset[str] = frozenset(),
    ) -> str:
        self._count += 1
        key = f"{kind}-{self._count}"
        insight = Insight(key, kind, text, round(score, 4), references, speaker, person, _placed(due, text))  # type: ignore[arg-type]
        self._items[key] = Item(insight, self._message, stems, sentence)
        self._open.append(key)
        self._changed[key] = None
        if len(self._items) > MOST_ITEMS:
            weakest = min((one for one in self._items if one != key), key=lambda one: self._items[one].insight.score)
            del self._items[weakest]
            self._open = [one for one in self._open if one != weakest]
        return key


def _due(candidate: Candidate, siblings: Sequence[Candidate], utterance: Utterance) -> Due | None:
    """The time said in the words of a clause; else before it; else in a weak clause that goes on with it."""
    reads = candidate.sentence.dates
    own = [read for read in reads if candidate.clause.first <= read.last <= candidate.last]
    ahead = [read for read in reads if read.last < candidate.clause.first and not _taken(read, candidate, siblings)]
    behind = [read for read in reads if read.first > candidate.last and not _taken(read, candidate, siblings)]
    read = due_dates.choose(own) or due_dates.choose(ahead) or due_dates.choose(behind)
    if read is None:
        return None
    tokens = candidate.sentence.tokens
    return Due(read.when, utterance.text[tokens[read.first].begin : tokens[read.last].end])


def _taken(read: DueRead, candidate: Candidate, siblings: Sequence[Candidate]) -> bool:
    """Whether a time belongs to another clause that stands by itself."""
    return any(
        other is not candidate
        and other.sentence is candidate.sentence
        and other.clause.first <= read.last <= other.last
        and other.score >= 0.5
        and other.clause.frame.family != "imperative"
        for other in siblings
    )


def _last_sentence(text: str) -> str:
    """The last sentence of a message as it was said, with a capital, without fillers and repeats."""
    spoken = sentences(normalise(text))
    return as_sentence(quoted(spoken[-1], text), "") if spoken else text.strip()


def _raised(score: float, answer: Candidate | None) -> float:
    """The score of a request that was answered: of the two, the surer; more where both are likely by themselves."""
    if answer is None:
        return score
    bonus = _ACCEPTED_BONUS if min(score, answer.score) >= _LIKELY else 0.0
    return min(1.0, max(score, answer.score) + bonus)


def _placed(due: Due | None, text: str) -> Due | None:
    return None if due is None else replace(due, offset=text.lower().find(due.phrase.lower()))


def _joined(references: Iterable[str], new: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*references, new]))
