"""Makes the data files of the insights from corpora; not needed at run time."""
