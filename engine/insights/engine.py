"""The insights of one meeting, grown utterance by utterance."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from engine.insights.actions import PENDING, ActionFinder, assents
from engine.insights.assign import assignee
from engine.insights.items import ItemBook
from engine.insights.language import LanguageSense
from engine.insights.linear import Models
from engine.insights.normalise import normalise
from engine.insights.people import Roster
from engine.insights.question_features import Before
from engine.insights.questions import QuestionFinder
from engine.insights.reading import read_sentences
from engine.insights.topics import TopicFinder
from engine.insights.types import Changes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.questions import Asked
    from engine.insights.reading import Sentence
    from engine.insights.types import Speaker, Topic, Utterance

_RING = 12
"""Messages that are looked back on."""
_TAG_REACH = 4
"""Messages within which a bare `right?` finds what it asks about."""
_POINTS_AS_FAR = 3
"""Messages among which stands what a pronoun means."""
_PUNCTUATED_SHARE = 0.3


class InsightEngine:
    """Questions, action items, follow-ups and topics; implements `MeetingInsights`.

    `threshold` is the score from 0 to 1 from which an item is told: 0.5 is precise, 0.3 inclusive. What an utterance changes
    depends on the utterances before it alone, so pushing one by one and pushing all at once give the same. `models` are the
    shipped ones unless others are given, as the benchmark does that measures on what it did not learn from.
    """

    def __init__(self, *, threshold: float = 0.5, models: Models | None = None) -> None:
        models = models or Models.shipped()
        self._threshold = threshold
        self._roster = Roster()
        self._questions = QuestionFinder(models.punctuated, models.bare)
        self._actions = ActionFinder(models.actions)
        self._topics = TopicFinder()
        self._items = ItemBook(threshold)
        self._language = LanguageSense()
        self._recent: deque[Utterance] = deque(maxlen=_RING)
        self._marked: deque[bool] = deque(maxlen=_RING)
        self._said = 0

    def roster(self, speakers: Sequence[Speaker]) -> None:
        """Who is known to be in the meeting."""
        self._roster.add(speakers)

    def push(self, utterance: Utterance) -> Changes:
        """Take in the next utterance."""
        self._roster.add([utterance.speaker])
        sentences = read_sentences(utterance.text, self._roster, utterance.start)
        self._items.next_message()
        if not sentences:
            return Changes()
        tokens = normalise(utterance.text)
        topics: list[Topic] = []
        english = self._language.is_english(tokens)
        if english:
            self._act(utterance, sentences)
            topics = self._topics.push(tokens, utterance.id, utterance.speaker.id)
        if english or any(sentence.asks for sentence in sentences):
            self._ask(utterance, sentences)
        self._recent.append(utterance)
        self._said = len(tokens)
        return Changes(insights=tuple(self._items.changed()), topics=tuple(topics))

    def finish(self) -> Changes:
        """All that stands so far, the best first; changes nothing."""
        return Changes(insights=tuple(self._items.standing()), topics=tuple(self._topics.finish()))

    def _act(self, utterance: Utterance, sentences: list[Sentence]) -> None:
        """Takes in the promises and requests of an utterance, and its answer to an earlier request."""
        candidates = self._actions.find(sentences)
        if assents(sentences) or any(
            candidate.points_back and candidate.clause.frame.family == "commit" for candidate in candidates
        ):
            taken = self._items.accept(utterance, candidates)
            candidates = [candidate for candidate in candidates if candidate is not taken]
        previous = next((said.speaker for said in reversed(self._recent) if said.speaker != utterance.speaker), None)
        before = [said.text for said in islice(reversed(self._recent), _POINTS_AS_FAR)]
        for candidate in candidates:
            if candidate.score >= min(PENDING, self._threshold):
                person = assignee(candidate, utterance.speaker, previous)
                self._items.add_action(utterance, candidate, person, candidates, before)

    def _ask(self, utterance: Utterance, sentences: list[Sentence]) -> None:
        """Takes in the questions of an utterance that are not requests already taken."""
        self._marked.append(any(token.mark for sentence in sentences for token in sentence.tokens))
        punctuated = sum(self._marked) >= _PUNCTUATED_SHARE * len(self._marked)
        before = Before(self._said, self._recent[-1].speaker == utterance.speaker) if self._recent else None
        for asked in self._questions.find(sentences, punctuated=punctuated, before=before):
            if asked.score < self._threshold or self._items.requested_in(utterance, asked.sentence):
                continue
            statement = self._own_words_before(utterance, asked, sentences) if asked.tag else None
            self._items.add_question(utterance, asked, statement)

    def _own_words_before(self, utterance: Utterance, asked: Asked, sentences: list[Sentence]) -> Utterance | None:
        """The message that a bare `right?` asks about: the latest by the same speaker, if it is near and no question itself."""
        if sentences[0] is not asked.sentence:
            return None
        near = islice(reversed(self._recent), _TAG_REACH)
        said = next((said for said in near if said.speaker == utterance.speaker), None)
        return None if said is None or said.text.rstrip().endswith("?") else said
