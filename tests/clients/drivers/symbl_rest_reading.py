"""PyPI `symbl-rest`, the generated client of the REST interfaces: reads a conversation that is over."""

# ruff: noqa: T201 - the record goes to stdout

import json
import os
from collections.abc import Callable

import symbl_rest
from symbl_rest.rest import ApiException

# Point it at the engine:
configuration = symbl_rest.Configuration()
configuration.host = os.environ["ENGINE_URL"]
# As ever from here.

APPLICATION = {"type": "application", "appId": os.environ["APP_ID"], "appSecret": os.environ["APP_SECRET"]}
conversation_id = os.environ["CONVERSATION_ID"]

client = symbl_rest.ApiClient(configuration)
granted = symbl_rest.AuthenticationApi(client).generate_token(APPLICATION)
configuration.api_key["x-api-key"] = granted.access_token
client = symbl_rest.ApiClient(configuration)
conversations = symbl_rest.ConversationsApi(client)

READS = {
    "conversation": conversations.get_conversation_by_conversation_id,
    "members": conversations.get_members_by_conversation_id,
    "messages": conversations.get_messages_by_conversation_id,
    "topics": conversations.get_topics_by_conversation_id,
    "questions": conversations.get_questions_by_conversation_id,
    "action_items": conversations.get_action_items_by_conversation_id,
    "follow_ups": conversations.get_follow_ups_by_conversation_id,
    "insights": conversations.get_insights_by_conversation_id,
    "entities": conversations.get_entities_by_conversation_id,
    "analytics": conversations.get_analytics_by_conversation_id,
    "trackers": conversations.get_trackers_by_conversation_id,
}


def answer(read: Callable[..., object], *given: object, **more: object) -> object:
    """What the client makes of the answer; a refusal as its status and body."""
    try:
        plain: object = client.sanitize_for_serialization(read(*given, **more))
    except ApiException as refusal:
        return {"status": refusal.status, "body": json.loads(refusal.body)}
    return plain


record = {name: answer(read, conversation_id) for name, read in READS.items()}
(member,) = conversations.get_members_by_conversation_id(conversation_id).members
rename = conversations.put_members_information_by_members_id
record["renamed"] = answer(rename, {"id": member.id, "name": "Janet"}, conversation_id, member.id)
record["as_renamed"] = answer(READS["members"], conversation_id)
answer(rename, {"id": member.id, "name": member.name, "email": member.email}, conversation_id, member.id)
record["verbose"] = answer(READS["messages"], conversation_id, verbose="true", sentiment="true")
record["unknown"] = answer(READS["conversation"], "1234567890123456")
record["refused"] = answer(symbl_rest.AuthenticationApi(client).generate_token, {**APPLICATION, "appSecret": "wrong"})
record["expires_in"] = granted.expires_in
print(json.dumps(record), flush=True)
