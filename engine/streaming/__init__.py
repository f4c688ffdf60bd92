"""The Streaming API: one socket a speaker, one conversation a connection id."""
