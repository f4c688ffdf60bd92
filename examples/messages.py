"""Fetch what was said: ACCESS_TOKEN=$(minutes token) python examples/messages.py CONVERSATION_ID."""

import os
import sys

import httpx

answer = httpx.get(
    f"{os.environ.get('ENGINE_URL', 'http://127.0.0.1:8765')}/v1/conversations/{sys.argv[1]}/messages",
    headers={"Authorization": f"Bearer {os.environ['ACCESS_TOKEN']}"},
)
answer.raise_for_status()
for message in answer.json()["messages"]:
    print(f"{message['from']['name']}: {message['text']}")
