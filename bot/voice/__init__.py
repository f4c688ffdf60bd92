"""Hearing: from Discord's voice packets to 16 kHz mono speech for each person."""
