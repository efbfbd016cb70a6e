"""gunicorn's messages in the application's log: redacted, one line per event, without requests."""

import os
from typing import Any

from gunicorn.glogging import Logger

from routing import logging_config

_MESSAGES = {
    "Invalid request": "Refused a malformed request.",
    "Error handling request": "gunicorn failed while it handled a request.",
}
"""Beginning of a message that quotes a request: what is logged in its place."""


class GunicornLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger, its records handled by the root logger (see logging_config)."""

    def setup(self, cfg: Any) -> None:
        """Send gunicorn's records to the root logger, which writes in the background."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        log_format = os.environ.get("LOG_FORMAT")
        logging_config.configure(log_format if log_format in logging_config.FORMATS else None)
        logging_config.write_in_background()

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log a warning; of a malformed request neither its text nor the client's address."""
        super().warning(*_without_request(msg, args), **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log an exception; of a request neither its method nor its address."""
        super().exception(*_without_request(msg, args), **kwargs)


def _without_request(message: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    for beginning, replacement in _MESSAGES.items():
        if message.startswith(beginning):
            return (replacement,)
    return (message, *args)
