"""Meetings at this computer: files and a microphone through the engine, on the command line."""
