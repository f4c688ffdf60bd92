"""The engine: the Streaming and Conversation API, self-hosted, with a speech recogniser that works offline."""
