"""Alerts: urgent conditions, sent to people by email and webhook."""
