"""Warnings about a valid directory: each at its place, with what to write instead.

Each module has a function ``warnings(snapshot, at)``. To add a check, write a function that yields
a PathProblem for each warning, and call it there.
"""
