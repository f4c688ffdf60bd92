"""PyPI `symbl-rest`, the generated client of the REST interfaces: text and a recording are handed over, and their jobs watched."""

# ruff: noqa: T201 - the record goes to stdout

import json
import os
import time
from pathlib import Path

import symbl_rest
from symbl_rest.rest import ApiException

# Point it at the engine:
configuration = symbl_rest.Configuration()
configuration.host = os.environ["ENGINE_URL"]
# As ever from here.

APPLICATION = {"type": "application", "appId": os.environ["APP_ID"], "appSecret": os.environ["APP_SECRET"]}
LOOK_SECONDS = 0.2

granted = symbl_rest.AuthenticationApi(symbl_rest.ApiClient(configuration)).generate_token(APPLICATION)
configuration.api_key["x-api-key"] = granted.access_token
client = symbl_rest.ApiClient(configuration)
process, jobs, conversations = (api(client) for api in (symbl_rest.AsyncApi, symbl_rest.JobsApi, symbl_rest.ConversationsApi))


def wait(answer: symbl_rest.AsyncResponse) -> str:
    """The state that a job ends in."""
    while (status := str(jobs.get_job_status(answer.job_id).status)) in {"scheduled", "in_progress"}:
        time.sleep(LOOK_SECONDS)
    return status


def said(conversation_id: str) -> list[str]:
    """The texts of a conversation."""
    return [message.text for message in conversations.get_messages_by_conversation_id(conversation_id).messages]


def status_of(job_id: str) -> object:
    """What a job that nobody knows is answered with."""
    try:
        return jobs.get_job_status(job_id).status
    except ApiException as refusal:
        return {"status": refusal.status, "body": json.loads(refusal.body)}


text = process.add_text(body={"messages": [{"payload": {"content": "Who fixes the payment bug?"}, "from": {"name": "Jane"}}]})
record: dict[str, object] = {"text": wait(text)}
more = process.append_text(text.conversation_id, body={"messages": [{"payload": {"content": "I will fix it by Friday."}}]})
record |= {"more": wait(more), "said": said(text.conversation_id)}
sound = process.add_audio(
    Path(os.environ["RECORDING"]).read_bytes(),
    "audio/wav",
    name="From a file",
    enable_separate_recognition_per_channel="true",
    confidence_threshold=0.6,
)
record |= {"sound": wait(sound), "heard": said(sound.conversation_id)}
record["members"] = len(conversations.get_members_by_conversation_id(sound.conversation_id).members)
record["unknown"] = status_of("9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d")
print(json.dumps(record), flush=True)
