"""Telling a person: what they should be told of, to whom it goes, how it is said and sent."""
