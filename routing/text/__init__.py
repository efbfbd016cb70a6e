"""The service's sentences: each is written once here, whoever shows it."""
