"""The rule: who takes the call at an instant.

It uses the standard library and ``routing.errors`` only, and reads no clock, file, database,
request or environment: what it needs comes in as an argument. tests/test_layers.py checks its
imports.
"""
