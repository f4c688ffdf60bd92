"""The Async API: text and sound that are handed over whole, and the jobs that work on them."""
