"""PyPI `symbl`: text and a recording are handed over, appended to, waited for, and read."""

# ruff: noqa: T201, E402 - the record goes to stdout; the client makes its own clients when it is imported

import json
import os
import sys

# Point it at the engine:
import symbl_rest

configuration = symbl_rest.Configuration()
configuration.host = os.environ["ENGINE_URL"]
symbl_rest.Configuration.set_default(configuration)
import symbl

# As ever from here, but that the client looks after its job more often than every half minute.
vars(sys.modules["symbl.Conversations"])["Conversation"]._Conversation__INTERVAL_TIME_IN_SECONDS = 0.2

APPLICATION = {"app_id": os.environ["APP_ID"], "app_secret": os.environ["APP_SECRET"]}
RECORDING = os.environ["RECORDING"]


def text(name: str, said: str) -> dict[str, object]:
    """A message of somebody."""
    return {"payload": {"content": said}, "from": {"userId": f"{name.lower()}@example.com", "name": name}}


written = symbl.Text.process(
    payload={
        "name": "From text",
        "messages": [text("Jane", "Who fixes the payment bug?"), text("Bob", "I will fix it by Friday.")],
    },
    credentials=APPLICATION,
)
symbl.Text.append(
    payload={"messages": [text("Jane", "Let us meet on Monday about the release plan.")]},
    conversation_id=written.get_conversation_id(),
    credentials=APPLICATION,
)
heard = symbl.Audio.process_file(
    file_path=RECORDING,
    content_type="audio/wav",
    credentials=APPLICATION,
    parameters={
        "name": "From a file",
        "detectPhrases": True,
        "enableSeparateRecognitionPerChannel": True,
        "channelMetadata": [
            {"channel": 1, "speaker": {"name": "Jane", "email": "jane@example.com"}},
            {"channel": 2, "speaker": {"name": "Bob", "email": "bob@example.com"}},
        ],
        "trackers": [{"name": "Payment", "vocabulary": ["payment bug"]}],
    },
)
appended = symbl.Audio.append_file(
    file_path=RECORDING, content_type="audio/wav", conversation_id=heard.get_conversation_id(), credentials=APPLICATION
)

record = {
    "jobs": [job.get_job_status() for job in (written, heard, appended)],
    "same": appended.get_conversation_id() == heard.get_conversation_id(),
    "written": written.get_messages().to_dict()["messages"],
    "promised": written.get_action_items().to_dict()["action_items"],
    "name": heard.get_conversation().to_dict()["name"],
    "heard": heard.get_messages().to_dict()["messages"],
    "asked": heard.get_questions().to_dict()["questions"],
    "tracked": heard.get_trackers(),
}
print(json.dumps(record, default=str), flush=True)
