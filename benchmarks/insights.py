"""How good and how dear the insights are: `python -m benchmarks.insights --data FOLDER [--folds 4] [--meetings N]`.

FOLDER holds `icsi.jsonl`, `ai_strict_more_*.jsonl`, `ami.jsonl` and `utterances_dev.jsonl`. Everything is measured through the HTTP API
of an engine that runs as a program of its own: the judged ICSI meetings are handed to the Async API as acts and as turns,
punctuated and bare, and what the Conversation API then answers is scored. The linear models are trained again for each fold of
meetings on the others, so no meeting is measured by a model that has seen it; the utterances meet the shipped models. What one
utterance costs is measured without the API, in a process of its own. Prints a table with the reference figures beside it and, as the
last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from rich.console import Console
from rich.table import Table

from benchmarks.insights_api import Line, engine
from benchmarks.insights_score import Tally, match, topics
from engine.insights.training import actions, questions
from engine.insights.training.corpora import RawMeeting, bare, judged, meetings, turns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.insights_api import Client

START = datetime(2026, 11, 18, 10, tzinfo=UTC)
REFERENCE: dict[str, tuple[str, str]] = {
    "questions, acts, punctuated": ("? rule .841, linear .877", ".87, stretch .90"),
    "questions, acts, bare": ("regex .529, linear .634", ".63, stretch .70"),
    "ai_strict exact, acts, punctuated": ("clause grammar .41, second reader .54", ".48, stretch .54"),
    "ai_strict within 5, acts, punctuated": ("second reader .58 within 3", ".56, stretch .62"),
    "topics ICSI": ("C-value .34, TextRank .29, YAKE .22, MiniLM .37", ".25, stretch .37"),
    "topics AMI": ("C-value .28, TextRank .36, YAKE .28", ""),
    "utterances action item": ("clause grammar .88-.93", ".90, stretch .95"),
    "utterances follow-up": ("", ".90, stretch .95"),
    "utterances assignee right": ("", ".90, stretch .95"),
    "utterances due right": ("", ".90, stretch .95"),
    "ms an utterance, median": ("", "2"),
    "MB of memory in 10,000 messages": ("", "60"),
}
"""Baselines and the target, by the name of the measure."""
_SAMPLES_APART = timedelta(hours=1)


class Condition(NamedTuple):
    """How a meeting is fed: acts or turns, punctuated or bare."""

    joined: bool
    stripped: bool

    @property
    def name(self) -> str:
        """As the table calls it."""
        return f"{'turns' if self.joined else 'acts'}, {'bare' if self.stripped else 'punctuated'}"


CONDITIONS = tuple(Condition(joined, stripped) for joined in (False, True) for stripped in (False, True))


class Sample(TypedDict):
    """A line of `utterances_dev.jsonl`."""

    id: str
    speaker: str
    text: str
    context: list[dict[str, str]]
    participants: list[str]
    ref_time: str
    gold: SampleGold


class SampleGold(TypedDict):
    """What is right for it; None: either is fine."""

    action_item: bool | None
    follow_up: bool | None
    question: bool | None
    assignee_ok: list[str]
    due_ok: list[str]


@dataclass(slots=True)
class Report:
    """Tallies and figures by name, and what the API took."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    figures: dict[str, float] = field(default_factory=dict)
    messages: int = 0
    seconds: float = 0.0

    def values(self) -> dict[str, float]:
        """Everything as one figure a name: F1 for tallies."""
        return {name: round(tally.f1, 4) for name, tally in self.tallies.items()} | {
            name: round(value, 4) for name, value in self.figures.items()
        }


def fed(meeting: RawMeeting, condition: Condition) -> RawMeeting:
    """A meeting as a condition wants it."""
    meeting = turns(meeting) if condition.joined else meeting
    if not condition.stripped:
        return meeting
    messages = [message.copy() for message in meeting["messages"]]
    for message in messages:
        message["text"] = bare(message["text"])
    return {"meeting_id": meeting["meeting_id"], "messages": messages, "gold": meeting["gold"]}


def lines(meeting: RawMeeting) -> list[Line]:
    """A meeting as it is handed over."""
    found = []
    at = 0.0
    for message in meeting["messages"]:
        at = max(at, message["start"] or 0.0)
        begun = START + timedelta(seconds=at)
        found.append(Line(message["speaker"], message["text"], begun, begun))
    return found


def score_meeting(meeting: RawMeeting, condition: Condition, client: Client, report: Report) -> None:
    """Questions, action items and topics of one ICSI meeting under one condition."""
    given = fed(meeting, condition)
    found = client.process(lines(given))
    report.messages += len(given["messages"])
    report.seconds += found.seconds
    gold = given["gold"]
    ignored = {*gold.get("rhetorical", []), *gold.get("unlabelled", [])}
    asked = [found.of(item) for item in found.questions]
    report.tallies[f"questions, {condition.name}"].add(match(asked, gold["questions"], ignored=ignored))
    to_do = [found.of(item) for item in found.to_do]
    for name, within in (("exact", 0), ("within 5", 5)):
        tally = match(to_do, gold["ai_strict"], within=within, ignored=gold.get("ai_maybe", []))
        report.tallies[f"ai_strict {name}, {condition.name}"].add(tally)
    if condition == CONDITIONS[0]:
        score_topics("ICSI", meeting, found.topics, report)


def score_topics(corpus: str, meeting: RawMeeting, found: Sequence[str], report: Report) -> None:
    """Topics against the labels of people."""
    labels = [
        label["topic"]
        for key in ("topics", "qmsum_topics")
        for label in cast("dict[str, list[dict[str, str]]]", meeting["gold"]).get(key) or []
    ]
    if labels and found:
        report.tallies[f"topics {corpus}"].add(topics(found, labels))


def train(corpus: Sequence[RawMeeting], strict: Sequence[RawMeeting], folder: Path) -> None:
    """Writes the models that are learnt from these meetings."""
    questions.write({**questions.train(corpus), "actions.json": actions.train(strict, corpus)}, folder)


def others(corpus: Sequence[RawMeeting], names: set[str]) -> list[RawMeeting]:
    """The meetings of a corpus that are not held back."""
    return [meeting for meeting in corpus if meeting["meeting_id"] not in names]


def score_samples(samples: Sequence[Sample], client: Client, report: Report) -> None:
    """Single utterances: what they are, whose, and until when. Everybody who takes part says hello first."""
    people, days = Tally(), Tally()
    for sample in samples:
        now = datetime.fromisoformat(sample["ref_time"]).replace(tzinfo=UTC)
        names = dict.fromkeys([*sample["participants"], *(said["speaker"] for said in sample["context"]), sample["speaker"]])
        hello = [Line(name, "Hello.", now - _SAMPLES_APART, now - _SAMPLES_APART) for name in names]
        said = [Line(one["speaker"], one["text"], now, now) for one in sample["context"]]
        given = [*hello, *said, Line(sample["speaker"], sample["text"], now, now)]
        found = client.process(given)
        here = len(given) - 1
        to_do = [item for item in found.to_do if here in found.of(item)]
        gold = sample["gold"]
        verdicts = {
            "action item": (gold["action_item"], bool(to_do)),
            "follow-up": (gold["follow_up"], any(item.type == "follow_up" for item in to_do)),
            "question": (gold["question"], any(here in found.of(item) for item in found.questions)),
        }
        for name, (right, said_so) in verdicts.items():
            if right is not None:
                both = int(right and said_so)
                report.tallies[f"utterances {name}"].add(
                    Tally(both, int(said_so and not right), both, int(right and not said_so))
                )
        if gold["action_item"] and to_do:
            named = {(item.assignee.name or "").lower() for item in to_do}
            due = {(item.due_by or "")[:10] for item in to_do}
            people.add(_verdict(named, {name.lower() for name in gold["assignee_ok"]}))
            days.add(_verdict(due, set(gold["due_ok"])))
    report.figures["utterances assignee right"] = people.precision
    report.figures["utterances due right"] = days.precision


def _verdict(told: set[str], right: set[str]) -> Tally:
    ok = bool(told & (right or {""}))
    return Tally(int(ok), int(not ok))


def show(report: Report) -> None:
    """The table, then the JSON object."""
    table = Table("measure", "precision", "recall", "F1 or figure", "baselines", "target")
    for name in sorted(report.tallies):
        tally = report.tallies[name]
        table.add_row(name, f"{tally.precision:.3f}", f"{tally.recall:.3f}", f"{tally.f1:.3f}", *REFERENCE.get(name, ("", "")))
    for name, value in report.figures.items():
        table.add_row(name, "", "", f"{value:.3f}", *REFERENCE.get(name, ("", "")))
    Console(width=150).print(table)
    print(json.dumps({"benchmark": "insights", **report.values()}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the gold data")
    parser.add_argument(
        "--folds", type=int, default=4, help="folds of meetings; 1 measures the shipped models on what they learnt from"
    )
    parser.add_argument("--meetings", type=int, default=None, help="so many of each fold's meetings alone")
    arguments = parser.parse_args()
    corpus = meetings(arguments.data / "icsi.jsonl")
    strict = judged(arguments.data)
    report = Report()
    for fold in range(arguments.folds):
        held = strict[fold :: arguments.folds]
        names = {meeting["meeting_id"] for meeting in held}
        with tempfile.TemporaryDirectory() as folder:
            models = None
            if arguments.folds > 1:
                models = Path(folder)
                train(others(corpus, names), others(strict, names), models)
            with engine(models) as client:
                for meeting in held[: arguments.meetings]:
                    for condition in CONDITIONS:
                        score_meeting(meeting, condition, client, report)
        print(f"fold {fold + 1} of {arguments.folds}: {report.messages} messages so far", file=sys.stderr, flush=True)
    report.figures["ms a message through the API"] = 1_000 * report.seconds / report.messages
    with engine() as client:
        for meeting in meetings(arguments.data / "ami.jsonl")[:: 1 if arguments.meetings is None else 8]:
            score_topics("AMI", meeting, client.process(lines(meeting)).topics, report)
        samples = (arguments.data / "utterances_dev.jsonl").read_text(encoding="utf-8").splitlines()
        score_samples([cast("Sample", json.loads(line)) for line in samples], client, report)
    cost = [sys.executable, "-m", "benchmarks.insights_cost", str(arguments.data / "icsi.jsonl")]
    report.figures.update(json.loads(subprocess.run(cost, check=True, stdout=subprocess.PIPE).stdout))
    show(report)


if __name__ == "__main__":
    main()
