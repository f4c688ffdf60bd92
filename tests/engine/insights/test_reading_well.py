"""What people would be embarrassed to read: broken-off clauses, pronouns without their noun, half of those who promised."""

from __future__ import annotations

import pytest

from engine.insights.endings import dangles, runs_on, whole
from tests.engine.insights.talk import PEOPLE, Talk, heard, todo


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("find out tomorrow whether", "find out tomorrow"),
        ("ask about the other things especially since", "ask about the other things"),
        ("talk to you about it later is that there is", "talk to you about it later"),
        ("give her another half day and i", "give her another half day"),
        ("write down the", "write down"),
        ("check what the price is", "check what the price is"),
        ("see what it is for", "see what it is for"),
        ("sign up", "sign up"),
    ],
)
def test_what_was_broken_off_is_left_out(said: str, left: str) -> None:
    row = said.split()
    assert row[: whole(row, 2)] == left.split()


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("put bleeps there i mean they do not want that", "put bleeps there"),
        ("write it down yeah okay", "write it down"),
        ("ask what i think about it", "ask what i think about it"),
    ],
)
def test_what_runs_on_is_another_clause(said: str, left: str) -> None:
    row = said.split()
    assert row[: runs_on(row, 1)] == left.split()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Ben and I will prepare the slides.", "Ben and Alice will prepare the slides."),
        ("Ben and Carla will book the hotel.", "Ben and Carla will book the hotel."),
        ("Carla and Dan, can you check the invoices?", "Carla and Dan should check the invoices."),
    ],
)
def test_everybody_who_promised_is_named(said: str, shown: str) -> None:
    (item,) = todo(("Alice", said))
    assert item.text == shown
    assert item.assignee is not None


def test_a_pronoun_is_shown_with_what_was_said_before() -> None:
    (item,) = todo(("Alice", "The wiki page about the release is old."), ("Ben", "I'll fix that tomorrow."))
    assert item.text == "Ben will fix that tomorrow (\u201cThe wiki page about the release is old\u201d)."
    assert item.due is not None
    assert item.text[item.due.offset :].startswith("tomorrow")


def test_somebody_who_has_not_spoken_is_named_without_an_id() -> None:
    (item,) = todo(("Alice", "Priya will send the slides on Monday."))
    assert item.assignee is not None
    assert (item.assignee.name, item.assignee.id) == ("Priya", "")


def test_a_verb_without_its_object_is_no_sure_item() -> None:
    assert todo(("Alice", "So that's something somebody should do at some point, just")) == []


def test_questions_keep_their_contractions_and_lose_their_loose_ends() -> None:
    shown = [item.text for item in heard(("Alice", "Didn't we send the contract to the hotel already, or?"))]
    assert shown == ["Didn't we send the contract to the hotel already?"]


def test_the_same_question_twice_is_one() -> None:
    talk = Talk()
    talk.say("Alice", "How much would the second printer cost us?")
    talk.say("Ben", "How much would the second printer cost us?")
    (question,) = talk.items("question")
    assert (question.message_ids, question.speaker) == (("m0", "m1"), PEOPLE["Alice"])


def test_names_and_numbers_are_no_topics() -> None:
    talk = Talk()
    for name in ("Alice", "Ben", "Carla") * 2:
        talk.say(name, "The seventeen and twelve of the budget review went to Priya and Thomas for the budget review.")
    topics = [topic.text for topic in talk.engine.finish().topics]
    assert "budget review" in topics
    assert not {"priya", "thomas", "twelve"} & {word for topic in topics for word in topic.split()}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("I'll pick them up tomorrow.", "Ben will pick them up tomorrow (\u201cThe new chairs are at the station\u201d)."),
        ("I'll write the script for it.", "Ben will write the script for it (\u201cThe new chairs are at the station\u201d)."),
        ("I'll call the station about the chairs.", "Ben will call the station about the chairs."),
    ],
)
def test_a_pronoun_behind_the_verb_is_shown_with_what_was_said_before(said: str, shown: str) -> None:
    (item,) = todo(("Alice", "The new chairs are at the station."), ("Ben", said))
    assert item.text == shown


def test_a_question_without_marks_begins_where_it_asks() -> None:
    said = "and so for the other one i wonder what size do you think we should get"
    assert [item.text for item in heard(("Ben", said))] == ["What size do you think we should get?"]


@pytest.mark.parametrize("text", ["What's the?", "So what are the other things for the?", "Is it?", "Huh?", "OK?"])
def test_a_broken_off_question_is_ranked_last(text: str) -> None:
    talk = Talk()
    talk.say("Alice", text)
    talk.say("Alice", "How much would the second printer cost us?")
    questions = talk.items("question")
    assert questions[0].text == "How much would the second printer cost us?"
    assert all(item.score < 0.6 for item in questions[1:])


@pytest.mark.parametrize("row", ["what does it look like", "who is it for", "are you coming"])
def test_a_whole_question_is_not_broken_off(row: str) -> None:
    assert not dangles(row.split())


def test_a_tag_behind_a_question_or_far_from_its_statement_stands_alone() -> None:
    talk = Talk()
    talk.say("Ben", "How do you read books?")
    talk.say("Ben", "Right?")
    talk.say("Ben", "We met in May. The store closes at nine.")
    for _ in range(6):
        talk.say("Carla", "The garden has roses.")
    talk.say("Ben", "Right?")
    assert all("," not in item.text for item in talk.items("question"))


def test_a_tag_is_shown_with_the_last_sentence_before_it() -> None:
    shown = [item.text for item in heard(("Ben", "We met in May. The store closes at nine."), ("Ben", "Right?"))]
    assert shown == ["The store closes at nine, right?"]


def test_how_something_is_is_no_topic() -> None:
    talk = Talk()
    for name in ("Alice", "Ben", "Carla") * 2:
        talk.say(name, "The budget review was creative and the male female budget review is fun.")
    assert not {"creative", "female", "fun"} & {topic.text.split()[-1] for topic in talk.engine.finish().topics}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "So what I'd like to do, if it's OK, is to start the recruiting in parallel.",
            "Ben would like to start the recruiting in parallel.",
        ),
        ("What I should do is just print out a whole stack of forms.", "Ben should just print out a whole stack of forms."),
        (
            "The next experiment I'm gonna try is to train on the larger set.",
            "Ben is going to try to train on the larger set.",
        ),
        ("What I'll do then is I'll go ahead and enter the data tomorrow.", "Ben will go ahead and enter the data tomorrow."),
        ("What I'll do next week is write the budget report.", "Ben will write the budget report next week."),
    ],
)
def test_what_is_put_behind_an_is_reads_as_one_promise(said: str, shown: str) -> None:
    assert [item.text for item in todo(("Ben", said))] == [shown]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "We should look into if we can buy a replacement for the headset.",
            "We should look into if we can buy a replacement for the headset.",
        ),
        (
            "I have to talk to the caterers about what sort of dishes I'm looking for.",
            "Ben has to talk to the caterers about what sort of dishes they are looking for.",
        ),
        ("I have to check that log file, but I'm not sure about it.", "Ben has to check that log file."),
        ("I gotta call the landlord tomorrow.", "Ben has to call the landlord tomorrow."),
        ("I still have to send everybody the agenda.", "Ben still has to send everybody the agenda."),
    ],
)
def test_a_clause_ends_where_the_next_begins_and_not_before(said: str, shown: str) -> None:
    assert [item.text for item in todo(("Ben", said))] == [shown]


def test_an_accepted_request_is_shown_with_what_its_pronoun_means() -> None:
    (item,) = todo(
        ("Alice", "The installer fails on Windows."), ("Carla", "Ben, you should fix that, OK?"), ("Ben", "Yeah, I will do that.")
    )
    assert item.text == "Ben will fix that (\u201cThe installer fails on Windows\u201d)."
    (item,) = todo(
        ("Alice", "The talk needs a script."),
        ("Alice", "Ben, can you write the script for it?"),
        ("Ben", "Sure, I'll have it by Friday."),
    )
    assert item.text == "Ben will write the script for it by Friday (\u201cThe talk needs a script\u201d)."


def test_something_spoken_of_in_a_relative_clause_is_shown() -> None:
    (item,) = todo(("Ben", "The parser is something that I will try to expand."))
    assert item.text == "Ben will try to expand (\u201cThe parser is something\u201d)."


def test_agreeing_that_something_is_needed_is_no_promise() -> None:
    (item,) = todo(("Alice", "Someone needs to order the cake."), ("Ben", "Yeah."))
    assert item.assignee is None
    (item,) = todo(("Alice", "Someone needs to order the cake."), ("Ben", "I'll do it."))
    assert item.assignee == PEOPLE["Ben"]


def test_what_is_accepted_to_be_done_to_something_keeps_its_subject() -> None:
    (item,) = todo(("Alice", "The disk needs to be formatted by Friday."), ("Ben", "OK, I'll do that."))
    assert (item.text, item.assignee) == ("The disk needs to be formatted by Friday.", PEOPLE["Ben"])


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Oh, so how many do we need for the workshop?", "How many do we need for the workshop?"),
        ("So many people came to the workshop?", "So many people came to the workshop?"),
        ("And you agree?", "And you agree?"),
    ],
)
def test_a_question_begins_with_what_it_asks(said: str, shown: str) -> None:
    assert [item.text for item in heard(("Ben", said))] == [shown]


@pytest.mark.parametrize(
    ("said", "asks"),
    [("Should I call his office on Monday?", True), ("Carla, could you call his office on Monday?", False)],
)
def test_an_offer_is_a_question_too_and_a_request_is_none(said: str, *, asks: bool) -> None:
    kinds = [item.kind for item in heard(("Ben", said))]
    assert ("question" in kinds) is asks


@pytest.mark.parametrize(
    "said",
    [
        "I'll d",
        "We will start off with a quick overview of the minutes.",
        "we'll see so it is fine",
    ],
)
def test_what_is_no_item_is_not_shown(said: str) -> None:
    assert todo(("Ben", said)) == []


def test_a_receiver_does_not_hide_that_only_a_pronoun_is_sent() -> None:
    (item,) = todo(("Alice", "The picture of the office is on my laptop."), ("Ben", "I'll send you that."))
    assert item.text == "Ben will send you that (\u201cThe picture of the office is on my laptop\u201d)."


def test_what_is_to_be_done_to_something_far_before_has_a_subject() -> None:
    said = "That's another thing which, as we said in the last meeting with the group in Berlin, is also got to be worked out over the next few weeks."
    (item,) = todo(("Ben", said))
    assert item.text.endswith("is also got to be worked out over the next few weeks.")
    assert not item.text.startswith("Is ")


def test_am_behind_a_comma_is_no_hour() -> None:
    (item,) = todo(("Ben", "I'll write the Roman numeral one, am Smarticus, into the report."))
    assert item.due is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Ben, could you send the version you made to Carla?", "Ben should send the version they made to Carla."),
        ("Ben, can you bring the papers they gave you on Monday?", "Ben should bring the papers they gave them on Monday."),
        ("Ben, can you check which ones you think are best?", "Ben should check which ones they think are best."),
    ],
)
def test_you_is_they_where_it_acts_and_them_where_it_does_not(said: str, shown: str) -> None:
    assert [item.text for item in todo(("Alice", said))] == [shown]


def test_what_is_quoted_with_an_item_begins_with_what_it_says() -> None:
    (item,) = todo(("Ben", "Yes, the payment bug is the serious one."), ("Ben", "I will fix it by Thursday."))
    assert item.text == "Ben will fix it by Thursday (\u201cThe payment bug is the serious one\u201d)."
