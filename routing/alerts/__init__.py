"""Sending conditions that cannot wait to a person: queue, message, email, webhook."""
