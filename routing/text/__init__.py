"""Everything the service says, in words: one room writes them all."""
