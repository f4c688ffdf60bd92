"""From 16 kHz mono sound to text: voice activity, endpointing, the recogniser, and the pool that shares the cores."""
