"""The assistant: everything between Discord and the API."""
