"""The rule: who takes the call at an instant.

Standard library and ``routing.errors`` only. No clock, file, database, request or environment may
be read here; whatever is needed comes in as an argument. tests/test_layers.py sees to it.
"""
