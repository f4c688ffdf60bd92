#!/bin/sh
# Fetch what was said: ACCESS_TOKEN=$(minutes token) sh examples/messages.sh CONVERSATION_ID
curl --silent --show-error --fail-with-body \
  --header "Authorization: Bearer $ACCESS_TOKEN" \
  "${ENGINE_URL:-http://127.0.0.1:8765}/v1/conversations/$1/messages"
