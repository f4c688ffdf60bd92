"""Questions, action items, follow-ups and topics out of what people said, one utterance at a time."""
