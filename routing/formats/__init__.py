"""Representations that several interfaces share: JSON and the printed page."""
