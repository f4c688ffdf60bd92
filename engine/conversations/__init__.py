"""The Conversation API: what was said, kept and asked for by `conversationId`."""
