"""People who speak recorded sound: their Opus, their pauses, and the meetings they play."""
