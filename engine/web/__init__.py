"""The page that turns the microphone of a browser into a meeting."""
