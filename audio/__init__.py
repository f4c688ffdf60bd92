"""Sound itself: formats, Opus, resampling, files. Shared by the bot, the engine and the sandbox."""
