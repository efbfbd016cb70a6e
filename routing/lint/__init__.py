"""Warnings about a valid directory: each at its place, with what to write instead."""
