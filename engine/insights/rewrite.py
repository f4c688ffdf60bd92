"""Items in the third person: `I'll fix it` becomes `Ben will fix it`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from engine.insights.endings import leads_in, runs_on, whole
from engine.insights.lexicon import sections as sections_of
from engine.insights.lexicon import tables, words
from engine.insights.merge import content_stems
from engine.insights.normalise import normalise, sentences
from engine.insights.verbs import inflected, is_verb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.insights.actions import Candidate
    from engine.insights.normalise import Token
    from engine.insights.types import Speaker

MAX_WORDS = 60
_LEAST_CONTEXT = 4
_MOST_CONTEXT = 16
_LONGEST_LEAD = 14
_BY_SPEAKER = frozenset({"remind.me", "explicit.for-me", "explicit.volunteer"})
_KEEPS_SUBJECT = frozenset({"joint", "need"})
_OF_SUBJECTS = frozenset(
    {"will", "would", "can", "could", "should", "are", "were", "have", "had", "did", "do", "want", "need", "think", "know"}
)
"""Words behind a `you` that acts."""
_BEFORE_OBJECTS = frozenset({"at", "like", "than", "without", "behind"})
_OF_THEM = {"am": "are", "was": "were"}
_CLEFT_VERBS = frozenset({"do", "try", "prefer", "suggest", "propose", "look at", "look into", "start", "see", "check"})
_CLEFT_REACH = 8
"""Words behind a verb within which the `is` stands that says what is done: `what I'd like to do, if it's okay, is to call Ben`."""
_CERTAIN = frozenset({"third.will", "third.going", "third.said", "third.promised", "request.you-will"})


class Word(NamedTuple):
    """A word as the rules read it, as it is shown, and whether a comma follows."""

    word: str
    shown: str
    comma: bool = False


def written(tokens: Sequence[Token], text: str) -> list[Word]:
    """The words as they were written; where a contraction was written out, the words it stands for."""
    found = []
    for index, token in enumerate(tokens):
        before = tokens[index - 1].begin if index else -1
        after = tokens[index + 1].begin if index + 1 < len(tokens) else -1
        shown = token.word if token.begin in {before, after} else text[token.begin : token.end]
        found.append(Word(token.word, shown, "," in token.mark))
    return found


def quoted(tokens: Sequence[Token], text: str) -> list[Word]:
    """The words as they were written, contractions and all."""
    found = []
    for index, token in enumerate(tokens):
        goes_on = index + 1 < len(tokens) and tokens[index + 1].begin == token.begin
        found.append(Word(token.word, "" if goes_on else text[token.begin : token.end], "," in token.mark))
    return found


def as_sentence(row: Sequence[Word], ending: str = ".") -> str:
    """Words with the commas they had, a capital at the beginning and a mark at the end; at most `MAX_WORDS`."""
    parts = ["I" if word.shown == "i" else word.shown for word in row[:MAX_WORDS]]
    joined = " ".join(part + ("," if word.comma else "") for part, word in zip(parts, row, strict=False) if part).rstrip(",;: ")
    return joined[:1].upper() + joined[1:] + ending if joined else ""


def with_context(text: str, *earlier: str) -> str:
    """An item that says no more than `do that`, with the end of what was said before it: the first of `earlier` that says something."""
    for said in earlier:
        spoken = [sentence for sentence in sentences(normalise(said)) if _tells(sentence)]
        if spoken:
            row = [token.word for token in spoken[-1]]
            end = whole(row, _LEAST_CONTEXT)
            told = spoken[-1][leads_in(row[:end], _LEAST_CONTEXT) : end]
            shown = told[-_MOST_CONTEXT:]
            cut = "\u2026 " if len(shown) < len(told) else ""
            ending = "?" if "?" in shown[-1].mark else ""
            return f"{text.rstrip('.')} (\u201c{cut}{as_sentence(quoted(shown, said), ending)}\u201d)."
    return text


def _tells(sentence: Sequence[Token]) -> bool:
    return len(sentence) >= _LEAST_CONTEXT and bool(content_stems(" ".join(token.word for token in sentence)))


def action_text(candidate: Candidate, text: str, speaker: Speaker, assignee: Speaker | None, *, accepted: bool = False) -> str:
    """What is to be done and by whom, in the third person; `text` is the message it was said in."""
    clause = candidate.clause
    row = written(candidate.sentence.tokens[: _last(candidate, assignee) + 1], text)
    lead = _lead(candidate, accepted=accepted)
    turned = _turned(row, candidate, speaker, assignee)
    frame = row[clause.first : clause.at]
    rest = _uncleft(turned[clause.at :], candidate)
    if clause.form == "ing" and clause.frame.family in {"request", "explicit"} and rest:
        base = clause.verb.base.split()[0]
        rest[0] = Word(base, base, rest[0].comma)
    elif rest and clause.at == 0:
        rest[0] = rest[0]._replace(shown=rest[0].shown.lower())
    if clause.frame.name == "request.want-x" and rest and frame[-1].word == "i":
        rest[0] = rest[0]._replace(shown=_third_person(rest[0]))
    return as_sentence(
        [*turned[lead : clause.first], *_subject(frame, turned, candidate, speaker, assignee, accepted=accepted), *rest]
    )


def _uncleft(rest: list[Word], candidate: Candidate) -> list[Word]:
    """What is done where a clause puts it behind an `is`: `(I want to) do is call Ben`, `(I will) try is to train it again`."""
    verb = candidate.clause.verb
    if candidate.clause.form != "base" or verb.base not in _CLEFT_VERBS:
        return rest
    behind = rest[verb.length : verb.length + _CLEFT_REACH]
    aside = rest[verb.length - 1].comma
    place = next((at for at, word in enumerate(behind) if word.word in {"is", "was"} and (not aside or behind[at - 1].comma)), -1)
    between = behind[: max(place, 0)]
    begun = verb.base == "start" and bool(between) and between[0].word.endswith("ing")
    first = candidate.clause.at + verb.length
    dated = any(read.first >= first and read.last < first + len(between) for read in candidate.sentence.dates)
    if place < 0 or not (not between or aside or begun or dated):
        return rest
    done = rest[verb.length + place + 1 :]
    acts = [*rest[: verb.length], *(between if begun else [])]
    later = between if dated else []
    lead = next((at for at, word in enumerate(done) if word.word not in words("adverbs.txt")), len(done))
    following = done[lead].word if lead < len(done) else ""
    if verb.base in {"do", "see", "check"}:
        if following in sections_of("endings.txt")["subject"] | {"", "that", "when", "if"}:
            return rest
        if following == "to" or is_verb(following):
            acts, done = [], [*done[:lead], *done[lead + (following == "to") :]]
    return [word._replace(comma=False) for word in acts] + done + later


def _subject(
    frame: Sequence[Word],
    turned: Sequence[Word],
    candidate: Candidate,
    speaker: Speaker,
    assignee: Speaker | None,
    *,
    accepted: bool,
) -> list[Word]:
    """Who does it and how surely, in place of the words of the frame."""
    clause = candidate.clause
    family = clause.frame.family
    if family in _KEEPS_SUBJECT and (assignee is None or _says_what(candidate)):
        shown = list(turned[clause.first : clause.at])
        return _plain("We should") if clause.frame.name == "joint.lets" else shown
    if family == "commit" or clause.frame.name == "request.want-x":
        return _promised(frame, speaker.name, _together(candidate, speaker, speaker))
    if family == "third" and assignee is None and clause.first and candidate.sentence.row[clause.first - 1] == "if":
        return _plain("Somebody should")
    if clause.frame.name == "third.gerund" or (family == "third" and assignee is None):
        return list(turned[clause.first : clause.at])
    if assignee is None:
        return _plain("Somebody should") if family == "request" else []
    sure = accepted or clause.frame.name in _CERTAIN
    who = assignee.name if accepted else _together(candidate, assignee, speaker)
    return _plain(f"{who} {'will' if sure else 'should'}")


def _together(candidate: Candidate, person: Speaker, speaker: Speaker) -> str:
    """Everybody who is to do it: `Ben and I`, `Ben, Carla and Dan`."""
    row, people = candidate.sentence.row, candidate.sentence.people
    at = candidate.clause.at
    own = (place for place in range(candidate.clause.first, min(at, len(row))) if row[place] == "i")
    named = (place for place in sorted(people) if people[place] == person and place <= at)
    first = last = next(own if person == speaker else named, -1)
    if first < 0:
        return person.name
    while first > 1 and row[first - 1] == "and" and first - 2 in people:
        first -= 2
    while last + 2 < len(row) and row[last + 1] == "and" and last + 2 in people:
        last += 2
    while first > 0 and first - 1 in people and "," in candidate.sentence.marks[first - 1]:
        first -= 1
    names = [people[place].name if place in people else person.name for place in range(first, last + 1) if row[place] != "and"]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else person.name


def _promised(frame: Sequence[Word], speaker: str, who: str) -> list[Word]:
    """The frame of a promise with names for `I`, and the verb after it in the third person."""
    verbs = tables("third_person.txt")["verb"] if who == speaker else {"am": "are"}
    if [word.word for word in frame[:2]] == ["let", "me"]:
        return [*_plain(f"{speaker} will"), *frame[2:]]
    found: list[Word] = []
    after = False
    for word in frame:
        if word.word == "i":
            found.extend(_plain(who))
            after = True
        else:
            shown = verbs.get(word.word, word.shown) if after else word.shown
            after = after and shown == word.shown and word.word in words("adverbs.txt")
            found.append(Word(word.word, shown, word.comma))
    return found


def _turned(row: Sequence[Word], candidate: Candidate, speaker: Speaker, assignee: Speaker | None) -> list[Word]:
    """The words with the pronouns turned: who acts is `they`, the speaker and whoever is addressed are named."""
    table = tables("third_person.txt")
    acts = candidate.clause.frame.family in {"commit", "offer"} or candidate.clause.frame.name in _BY_SPEAKER
    pronouns = dict(table["first"] if acts else _named(table["first_named"], speaker))
    called = _called(candidate, speaker) if acts else None
    if acts and called is not None:
        pronouns.update(_named(table["second_named"], called))
    elif not acts and assignee is not None:
        wanted = candidate.clause.frame.name == "request.want-x"
        pronouns.update(_named(table["second_named"], assignee) if wanted else table["second"])
    conjunctions = words("conjunctions.txt")
    turned: list[Word] = []
    for index, word in enumerate(row):
        shown = pronouns.get(word.word, word.shown)
        if index and row[index - 1].word == "i":
            if index > candidate.clause.at and turned[-1].shown == speaker.name:
                shown = _third_person(word)
            elif turned[-1].shown == "they":
                shown = _OF_THEM.get(word.word, shown)
        if word.word == "you" and shown == "they" and index and _is_object(row, index, conjunctions):
            shown = "them"
        turned.append(Word(word.word, shown, word.comma))
    return turned


def _is_object(row: Sequence[Word], index: int, conjunctions: frozenset[str]) -> bool:
    """Whether a `you` has something done to it: `send you the one you picked` has one that has and one that has not."""
    before = row[index - 1].word
    after = next((word.word for word in row[index + 1 :] if word.word not in words("adverbs.txt")), "")
    if before in conjunctions or after in _OF_SUBJECTS or inflected(after, "ed"):
        return False
    return not is_verb(after) or is_verb(before) or before in words("particles.txt") | _BEFORE_OBJECTS


def _third_person(word: Word) -> str:
    """A verb as it stands behind a name."""
    irregular = tables("third_person.txt")["verb"].get(word.word)
    if irregular is not None or not is_verb(word.word) or word.word.endswith(("s", "ed", "ing")):
        return irregular or word.shown
    if word.word.endswith("y") and word.word[-2:-1] not in "aeiou":
        return word.shown[:-1] + "ies"
    return word.shown + ("es" if word.word.endswith(("o", "x", "z", "ch", "sh")) else "s")


def _named(pronouns: dict[str, str], person: Speaker) -> dict[str, str]:
    return {pronoun: form.replace("@", person.name) for pronoun, form in pronouns.items()}


def _last(candidate: Candidate, assignee: Speaker | None) -> int:
    """The last word worth showing: without a vocative, what runs on, and what was broken off."""
    row, people, at = candidate.sentence.row, candidate.sentence.people, candidate.clause.at
    marks = candidate.sentence.marks
    least = at + candidate.clause.verb.length
    last = candidate.last
    if last >= least:
        last = runs_on(row[: last + 1], min(least + 1, last + 1)) - 1
    last = next((place - 1 for place in range(least + 1, last) if _thanks(row, marks, place)), last)
    while last > at:
        leads_on = row[last] in words("trailing.txt") and row[last - 1] not in sections_of("endings.txt")["open"]
        if leads_on or (last in people and (people[last] == assignee or "," in marks[last - 1])):
            last -= 1
        elif (end := whole(row[: last + 1], least)) <= last:
            last = end - 1
        else:
            break
    return last


def _thanks(row: Sequence[str], marks: Sequence[str], place: int) -> bool:
    """Whether what a request would be good for begins here: `if you could send it, that would help`."""
    return "," in marks[place - 1] and row[place] in {"that", "it"} and row[place + 1] in {"would", "will"}


def _lead(candidate: Candidate, *, accepted: bool) -> int:
    """Where to begin: at a condition or a date that stands before the clause, at the subject of what needs doing, else at the clause."""
    row, first = candidate.sentence.row, candidate.clause.first
    skipped = words("openers.txt") | {"@name"}
    start = candidate.floor
    while start < first and (row[start] in skipped or row[start] in words("joints.txt")) and row[start] not in words("leads.txt"):
        start += 1
    if _says_what(candidate):
        start = max(start, first - _LONGEST_LEAD)
    if not start < first <= start + _LONGEST_LEAD:
        return first
    names = candidate.clause.frame.family == "need" and (not accepted or _says_what(candidate))
    leads = row[start] in words("leads.txt") or names
    return start if leads and runs_on(row[:first], start) == first and start < first - 1 else first


def _says_what(candidate: Candidate) -> bool:
    """Whether the subject is what something is done to, not who does it: `the disk needs formatting`."""
    return candidate.clause.frame.family == "need" and candidate.clause.form != "base"


def _called(candidate: Candidate, speaker: Speaker) -> Speaker | None:
    """The one person besides the speaker whom a sentence names."""
    others = {person.name: person for person in candidate.sentence.people.values() if person != speaker}
    return next(iter(others.values())) if len(others) == 1 else None


def _plain(text: str) -> list[Word]:
    return [Word(word.lower(), word) for word in text.split()]
