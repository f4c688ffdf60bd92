"""How good and how dear the insights are: `python -m benchmarks.insights --data FOLDER [--folds 4] [--topics-only]`.

FOLDER holds `icsi.jsonl`, `ami.jsonl`, `ai_strict_more_*.jsonl` and `utterances_dev.jsonl`. The linear models are trained again for
each fold of meetings on the other folds, so no meeting is measured by a model that has seen it. Prints a table with the reference
baselines beside it and, as the last line, one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

from rich.console import Console
from rich.table import Table

from benchmarks.insights_score import Tally, match, topics
from engine.insights.engine import InsightEngine
from engine.insights.linear import LinearModel, Models
from engine.insights.training import actions, questions
from engine.insights.training.corpora import RawMeeting, bare, judged, meetings, turns
from engine.insights.types import Speaker, Utterance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from engine.insights.types import Changes

START = datetime(2026, 11, 18, 10, tzinfo=UTC)
BASELINES = {
    "questions, acts, punctuated": "? rule .841, linear .877, target .87",
    "questions, acts, bare": "regex .529, linear .634, target .63",
    "ai_strict exact, acts, punctuated": "clause grammar .41, second reader .54, target .48",
    "ai_strict within 5, acts, punctuated": "target .56",
    "topics ICSI": "C-value .34, target .25",
    "topics AMI": "C-value .28",
    "utterances action item": "clause grammar .88-.93, target .90",
    "utterances follow-up": "target .90",
    "utterances assignee right": "target .90",
    "utterances due right": "target .90",
    "ms an utterance, median": "target 2",
}


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
    """Tallies and figures by name."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    figures: dict[str, float] = field(default_factory=dict)
    costs: list[float] = field(default_factory=list)

    def values(self) -> dict[str, float]:
        """Everything as one figure a name: F1 for tallies."""
        return {name: round(tally.f1, 4) for name, tally in self.tallies.items()} | {
            name: round(value, 4) for name, value in self.figures.items()
        }


def run(meeting: RawMeeting, models: Models, costs: list[float]) -> Changes:
    """A meeting through a new engine, utterance by utterance; what stands at the end."""
    engine = InsightEngine(models=models)
    for index, message in enumerate(meeting["messages"]):
        at = START + timedelta(seconds=message["start"] or 0.0)
        who = Speaker(message["speaker"], message["speaker"])
        utterance = Utterance(str(index), who, message["text"], at, at)
        begun = time.perf_counter()
        engine.push(utterance)
        costs.append(time.perf_counter() - begun)
    return engine.finish()


def fed(meeting: RawMeeting, condition: Condition) -> RawMeeting:
    """A meeting as a condition wants it."""
    meeting = turns(meeting) if condition.joined else meeting
    if not condition.stripped:
        return meeting
    messages = [message.copy() for message in meeting["messages"]]
    for message in messages:
        message["text"] = bare(message["text"])
    return {"meeting_id": meeting["meeting_id"], "messages": messages, "gold": meeting["gold"]}


def score_meeting(meeting: RawMeeting, condition: Condition, models: Models, report: Report) -> None:
    """Questions and action items of one ICSI meeting under one condition."""
    given = fed(meeting, condition)
    stood = run(given, models, report.costs)
    gold = given["gold"]
    asked = [[int(one) for one in item.message_ids] for item in stood.insights if item.kind == "question"]
    todo = [[int(one) for one in item.message_ids] for item in stood.insights if item.kind != "question"]
    ignored = {*gold.get("rhetorical", []), *gold.get("unlabelled", [])}
    report.tallies[f"questions, {condition.name}"].add(match(asked, gold["questions"], ignored=ignored))
    if "ai_strict" in gold:
        for name, within in (("exact", 0), ("within 5", 5)):
            tally = match(todo, gold["ai_strict"], within=within, ignored=gold.get("ai_maybe", []))
            report.tallies[f"ai_strict {name}, {condition.name}"].add(tally)
    if condition == CONDITIONS[0]:
        score_topics("ICSI", meeting, [topic.text for topic in stood.topics], report)


def score_topics(corpus: str, meeting: RawMeeting, found: Sequence[str], report: Report) -> None:
    """Topics against the labels of people."""
    labels = [
        label["topic"]
        for key in ("topics", "qmsum_topics")
        for label in cast("dict[str, list[dict[str, str]]]", meeting["gold"]).get(key) or []
    ]
    if labels and found:
        report.tallies[f"topics {corpus}"].add(topics(found, labels))


def trained(corpus: Sequence[RawMeeting], strict: Sequence[RawMeeting]) -> Models:
    """The models, learnt from these meetings."""
    asked = questions.train(corpus)
    return Models(
        LinearModel(*asked["questions_punctuated.json"]),
        LinearModel(*asked["questions_bare.json"]),
        LinearModel(*actions.train(strict)),
    )


def score_samples(samples: Iterable[Sample], models: Models, report: Report) -> None:
    """Single utterances: what they are, whose, and until when."""
    people, days = Tally(), Tally()
    for sample in samples:
        people_of = {name: Speaker(name.lower(), name) for name in sample["participants"]}
        engine = InsightEngine(models=models)
        engine.roster(list(people_of.values()))
        now = datetime.fromisoformat(sample["ref_time"]).replace(tzinfo=UTC)
        for index, said in enumerate([*sample["context"], {"speaker": sample["speaker"], "text": sample["text"]}]):
            who = people_of.get(said["speaker"]) or Speaker(said["speaker"].lower(), said["speaker"])
            engine.push(Utterance(str(index), who, said["text"], now, now))
        here = [item for item in engine.finish().insights if str(len(sample["context"])) in item.message_ids]
        todo = [item for item in here if item.kind != "question"]
        gold = sample["gold"]
        verdicts = {
            "action item": bool(todo),
            "follow-up": any(item.kind == "follow_up" for item in todo),
            "question": len(here) > len(todo),
        }
        wanted = {"action item": gold["action_item"], "follow-up": gold["follow_up"], "question": gold["question"]}
        for name, verdict in verdicts.items():
            if wanted[name] is not None:
                right, said_so = bool(wanted[name]), verdict
                report.tallies[f"utterances {name}"].add(
                    Tally(int(right and said_so), int(said_so and not right), int(right and said_so), int(right and not said_so))
                )
        if gold["action_item"] and todo:
            named = {item.assignee.name.lower() if item.assignee else "" for item in todo}
            due = {item.due.when.date().isoformat() if item.due else "" for item in todo}
            ok = bool(named & {name.lower() for name in gold["assignee_ok"] or [""]})
            in_time = bool(due & set(gold["due_ok"] or [""]))
            people.add(Tally(int(ok), int(not ok)))
            days.add(Tally(int(in_time), int(not in_time)))
    report.figures["utterances assignee right"] = people.precision
    report.figures["utterances due right"] = days.precision


def long_meeting(corpus: Sequence[RawMeeting], models: Models, messages: int = 10_000) -> tuple[float, float]:
    """Mean milliseconds an utterance of the first and the last thousand of a long meeting."""
    engine = InsightEngine(models=models)
    costs: list[float] = []
    said = (message for meeting in corpus for message in meeting["messages"])
    for index, message in zip(range(messages), said, strict=False):
        at = START + timedelta(seconds=3 * index)
        utterance = Utterance(str(index), Speaker(message["speaker"], message["speaker"]), message["text"], at, at)
        begun = time.perf_counter()
        engine.push(utterance)
        costs.append(1_000 * (time.perf_counter() - begun))
    return statistics.mean(costs[:1_000]), statistics.mean(costs[-1_000:])


def show(report: Report) -> None:
    """The table, then the JSON object."""
    table = Table("measure", "precision", "recall", "F1 or share", "reference")
    for name in sorted(report.tallies):
        tally = report.tallies[name]
        table.add_row(name, f"{tally.precision:.3f}", f"{tally.recall:.3f}", f"{tally.f1:.3f}", BASELINES.get(name, ""))
    for name, value in report.figures.items():
        table.add_row(name, "", "", f"{value:.3f}", BASELINES.get(name, ""))
    Console(width=150).print(table)
    print(json.dumps({"benchmark": "insights", **report.values()}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the gold data")
    parser.add_argument(
        "--folds", type=int, default=4, help="folds of meetings; 1 measures the shipped models on what they learnt from"
    )
    arguments = parser.parse_args()
    corpus = meetings(arguments.data / "icsi.jsonl")
    strict = {meeting["meeting_id"]: meeting for meeting in judged(arguments.data)}
    report = Report()
    for fold in range(arguments.folds):
        held = [strict.get(meeting["meeting_id"], meeting) for meeting in corpus[fold :: arguments.folds]]
        names = {meeting["meeting_id"] for meeting in held}
        models = Models.shipped()
        if arguments.folds > 1:
            models = trained(
                [meeting for meeting in corpus if meeting["meeting_id"] not in names],
                [meeting for name, meeting in strict.items() if name not in names],
            )
        for meeting in held:
            for condition in CONDITIONS:
                score_meeting(meeting, condition, models, report)
    shipped = Models.shipped()
    for meeting in meetings(arguments.data / "ami.jsonl"):
        score_topics("AMI", meeting, [topic.text for topic in run(meeting, shipped, report.costs).topics], report)
    samples = [
        cast("Sample", json.loads(line))
        for line in (arguments.data / "utterances_dev.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    score_samples(samples, shipped, report)
    report.figures["ms an utterance, median"] = 1_000 * statistics.median(report.costs)
    report.figures["ms an utterance, 99 of 100"] = 1_000 * statistics.quantiles(report.costs, n=100)[-1]
    first, last = long_meeting(corpus, shipped)
    report.figures["ms an utterance, first 1,000 of 10,000"] = first
    report.figures["ms an utterance, last 1,000 of 10,000"] = last
    show(report)


if __name__ == "__main__":
    main()
