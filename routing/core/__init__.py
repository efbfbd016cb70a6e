"""The rule: who takes the call at an instant.

It uses only the standard library and ``routing.errors``, and reads no clock, file, database,
request or environment: everything comes in as an argument. tests/test_layers.py checks its
imports.
"""
