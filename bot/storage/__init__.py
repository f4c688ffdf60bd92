"""What the assistant remembers: guild settings, consent, meetings."""
