"""The parts of a conversation that can be asked for."""

from __future__ import annotations

from enum import StrEnum


class Part(StrEnum):
    """The names are those of the API's addresses."""

    MESSAGES = "messages"
    TOPICS = "topics"
    ACTION_ITEMS = "action-items"
    FOLLOW_UPS = "follow-ups"
    QUESTIONS = "questions"
    SUMMARY = "summary"
    ANALYTICS = "analytics"
