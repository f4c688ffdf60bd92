"""Encodings that sound arrives in: FLAC and Opus, bare or in Ogg and WebM; parsers without I/O, bounded in what they hold."""
