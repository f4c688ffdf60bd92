"""The meeting: its states, its journal, and who agreed to be heard. Knows neither Discord nor sockets."""
