"""What a meeting says to people: lines, threads, summaries, files."""
