"""A Discord in a box: REST, gateway, encrypted voice, and people who speak recorded audio. For tests and for the demo."""
