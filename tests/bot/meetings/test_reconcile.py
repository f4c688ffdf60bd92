from __future__ import annotations

from datetime import timedelta
from time import perf_counter

from bot.meetings.entries import Line
from bot.meetings.reconcile import reconcile
from tests.bot.fakes import ANA, BEGIN, BOB
from wire.base import Person
from wire.conversations import Message


def message(message_id: str, user_id: int, text: str, start: float, end: float | None = None) -> Message:
    return Message(
        id=message_id,
        text=text,
        from_=Person(name="from the engine", email=str(user_id)),
        start_time=(BEGIN + timedelta(seconds=start)).isoformat(),
        end_time=(BEGIN + timedelta(seconds=end if end is not None else start + 1)).isoformat(),
        conversation_id="1",
    )


def line(key: str, user_id: int, text: str, start: float, end: float | None = None) -> Line:
    return Line(key=key, user_id=user_id, name="Ana", start=start, end=end if end is not None else start + 1, text=text)


def test_a_text_said_twice_is_matched_by_its_time() -> None:
    lines = [line("a", ANA, "Yes.", 10), line("b", ANA, "Yes.", 50), line("c", BOB, "Yes.", 51)]
    messages = [message("1", ANA, "yes.", 50.4), message("2", ANA, " Yes. ", 10.1), message("3", BOB, "Yes.", 49)]
    found = reconcile(lines, messages, BEGIN)
    assert found.links == {"1": "b", "2": "a", "3": "c"}
    assert found.missing == []


def test_equal_ids_win_over_text_and_time() -> None:
    lines = [line("1", ANA, "One.", 10), line("2", ANA, "Two.", 20)]
    found = reconcile(lines, [message("2", ANA, "One.", 10)], BEGIN)
    assert found.links == {"2": "2"}


def test_a_message_without_a_line_is_missing() -> None:
    found = reconcile([line("a", ANA, "Yes.", 10)], [message("1", ANA, "Yes.", 10), message("2", ANA, "Yes.", 30)], BEGIN)
    assert found.missing == [Line(key="2", user_id=ANA, name="from the engine", start=30, end=31, text="Yes.")]
    assert found.links == {"1": "a", "2": "2"}


def test_the_same_sentence_told_differently_is_not_said_twice() -> None:
    found = reconcile([line("a", ANA, "twenty five", 10, 12)], [message("1", ANA, "25", 10.3, 12.2)], BEGIN)
    assert found.links == {"1": "a"}
    assert found.missing == []


def test_a_corrected_sentence_is_found_by_what_it_was_and_told_as_what_it_is() -> None:
    corrected = message("1", ANA, "Meet the layer.", 10).model_copy(update={"corrected_from": "Meat the lawyer."})
    found = reconcile([line("a", ANA, "Meat the lawyer.", 11.5)], [corrected], BEGIN)
    assert (found.links, found.missing) == ({"1": "a"}, [])
    (missing,) = reconcile([], [corrected], BEGIN).missing
    assert missing.text == "Meet the layer."


def test_another_person_at_the_same_time_is_another_sentence() -> None:
    found = reconcile([line("a", ANA, "twenty five", 10, 12)], [message("1", BOB, "25", 10, 12)], BEGIN)
    assert [missing.key for missing in found.missing] == ["1"]


def test_times_that_cannot_be_read_do_no_harm() -> None:
    odd = message("1", ANA, "Yes.", 10).model_copy(update={"start_time": "soon", "end_time": ""})
    assert reconcile([], [odd], BEGIN).missing == [
        Line(key="1", user_id=ANA, name="from the engine", start=0, end=0, text="Yes.")
    ]


def test_a_whole_day_of_talk_is_matched_in_a_moment() -> None:
    lines = [line(f"k{number}", ANA, "Yes, of course.", number * 3.0) for number in range(10_000)]
    messages = [message(str(number), ANA, "Yes, of course.", number * 3.0 + 0.4) for number in range(10_000)]
    began = perf_counter()
    found = reconcile(lines, messages, BEGIN)
    assert found.links == {str(number): f"k{number}" for number in range(10_000)}
    assert perf_counter() - began < 10
