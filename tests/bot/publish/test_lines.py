import re

from hypothesis import given
from hypothesis import strategies as st

from bot.meetings.entries import Gap, Line, Note, Spoken, time_of
from bot.publish.lines import drafts
from bot.publish.markup import escape, length, plain
from tests.bot.publish.markdown import shown


def line(key: str, name: str, start: float, text: str, user_id: int | None = None) -> Line:
    return Line(key=key, user_id=user_id or sum(name.encode()), name=name, start=start, end=start + 1, text=text)


WORDS = st.lists(st.text(alphabet="abc*_@`<#", min_size=1, max_size=9), min_size=1, max_size=40).map(" ".join)
TIMES = st.integers(min_value=0, max_value=5000).map(float)
SPOKEN: st.SearchStrategy[list[Spoken]] = st.lists(
    st.builds(lambda name, at, text: (name, at, text), st.sampled_from(["Ana", "Ben", "C_x"]), TIMES, WORDS), max_size=25
).map(lambda rows: [line(f"k{index}", *row) for index, row in enumerate(rows)])


def body(text: str) -> str:
    """The words of messages, without the heads of the blocks."""
    return re.sub(r"^\*\*.+?\*\* `[\d:]+` ", "", text, flags=re.MULTILINE).replace("\n", " ")


@given(SPOKEN, st.integers(min_value=60, max_value=2000))
def test_all_is_there_once_in_order_and_fits(entries: list[Spoken], limit: int) -> None:
    made = drafts(entries, limit=limit)

    assert all(0 < length(draft.text) <= limit for draft in made)
    ordered = sorted(entries, key=time_of)
    assert [key for draft in made for key in draft.keys] == [entry.key for entry in ordered]
    said = " ".join(escape(entry.text) for entry in ordered if isinstance(entry, Line))
    assert " ".join(body(draft.text) for draft in made).replace(" ", "") == said.replace(" ", "")
    assert all(draft.text.startswith("**") for draft in made)
    assert len({draft.key for draft in made}) == len(made)
    assert all(len(draft.key) <= 25 for draft in made)


@given(SPOKEN)
def test_the_same_entries_make_the_same_keys(entries: list[Spoken]) -> None:
    assert drafts(entries) == drafts(list(entries))


def test_consecutive_sentences_of_one_person_share_a_block() -> None:
    entries = [
        line("a", "Ana", 12.0, "First."),
        line("b", "Ana", 14.0, "Second."),
        line("c", "Ben", 75.2, "Yes."),
        line("d", "Ana", 80, "Good."),
    ]

    assert [draft.text for draft in drafts(entries)] == [
        "**Ana** `0:12` First. Second.\n**Ben** `1:15` Yes.\n**Ana** `1:20` Good."
    ]


def test_two_people_of_one_name_are_kept_apart() -> None:
    entries = [line("a", "Ana", 1.0, "First.", 1), line("b", "Ana", 2.0, "Second.", 2)]

    assert drafts(entries)[0].text == "**Ana** `0:01` First.\n**Ana** `0:02` Second."


def test_gaps_and_notes_stand_on_lines_of_their_own() -> None:
    entries: list[Spoken] = [
        line("a", "Ana", 1.0, "Before."),
        Gap(key="g", user_id=7, name="Ana_*", start=2.0, seconds=3.21, reason="loss"),
        Note(key="n", at=3.0, text="Ben left."),
        line("b", "Ana", 4.0, "After."),
    ]

    [draft] = drafts(entries)

    assert draft.text == "**Ana** `0:01` Before.\n-# [gap 3.2 s: Ana\\_\\*'s audio lost]\n-# Ben left.\n**Ana** `0:04` After."
    assert draft.keys == ("a", "g", "n", "b")


def test_an_entry_longer_than_a_message_goes_over_several_and_is_done_with_the_last() -> None:
    text = " ".join(f"word{index}" for index in range(600))
    made = drafts([line("a", "Ana", 1.0, "Short."), line("b", "Ben", 2.0, text), line("c", "Ben", 3.0, "End.")])

    assert [draft.ends for draft in made][-1]
    assert [draft.ends for draft in made[:2]] == [True, False]
    assert [draft.keys for draft in made if draft.ends][-1][-1] == "c"
    words = [word for draft in made for word in body(draft.text).split()]
    assert words == ["Short.", *text.split(), "End."]
    assert all(draft.text.split("\n")[-1].startswith("**Ben** `0:02` ") for draft in made[1:])


def test_a_name_cannot_forge_a_line() -> None:
    [draft] = drafts([line("a", "Eve** `0:00` **Ana\n-# note", 5.0, "Hello.")])

    assert "\n" not in draft.text
    assert shown(draft.text).startswith("**Eve** `0:00` **Ana -# note** `0:05` Hello.")
    assert draft.text.startswith("**Eve\\*\\* \\`0:00\\`")


def test_empty_names_and_texts_do_no_harm() -> None:
    [draft] = drafts([line("a", " ", 5.0, ""), Note(key="n", at=6.0, text="")])

    assert draft.keys == ("a", "n")
    assert "**Somebody**" in draft.text
    assert plain(draft.text)


def test_nothing_makes_nothing() -> None:
    assert drafts([]) == []
