from __future__ import annotations

from dataclasses import replace

from bot.meetings.entries import Line
from bot.publish.exports import markdown
from bot.publish.second_look import correction_lines
from bot.publish.summary import summary_messages
from tests.bot.publish.test_summary import FULL, URLS

CORRECTED = replace(FULL, corrections={"k1": "We ship on *Monday*, and Ben will send the report."})


def test_the_summary_counts_corrections_and_shows_both_readings() -> None:
    text = "\n".join(summary_messages(CORRECTED, URLS))
    assert (
        "### Second look\n"
        "1 line was corrected on a second look; the transcript's file has both readings.\n"
        "- **Ana** [0:12](https://discord.test/1/77/100): ~~We ship on Friday, and Ben will send the report.~~ "
        "We ship on \\*Monday\\*, and Ben will send the report."
    ) in text
    assert "Second look" not in "\n".join(summary_messages(FULL, URLS))


def test_the_file_has_what_is_right_and_what_was_posted() -> None:
    assert (
        "**Ana** (0:12): We ship on \\*Monday\\*, and Ben will send the report. "
        "_(first understood as: We ship on Friday, and Ben will send the report.)_"
    ) in markdown(CORRECTED)
    assert "first understood" not in markdown(FULL)


def test_of_many_corrections_the_first_are_shown() -> None:
    lines = tuple(Line(key=str(number), user_id=1, name="Ana", start=number, end=number + 1, text="One.") for number in range(30))
    many = replace(FULL, entries=lines, corrections={line.key: "Two." for line in lines})
    shown = correction_lines(many, {})
    assert shown[1].startswith("30 lines were corrected")
    assert len(shown) == 12
    assert shown[2] == "- **Ana** 0:00: ~~One.~~ Two."
