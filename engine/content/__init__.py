"""What the text of one message holds: tracked phrases, entities, sentiment, personal data. Rules and word lists, no I/O."""
