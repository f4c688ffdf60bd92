"""Insights and a summary by a language model of the user's own, each item checked against what was said."""
