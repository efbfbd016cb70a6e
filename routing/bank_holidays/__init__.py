"""The bank holidays of a division: their dates, where they came from, how far they reach."""
