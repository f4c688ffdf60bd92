"""Client of the Streaming API."""
