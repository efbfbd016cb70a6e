"""Who sits at the server: how the record names them, and what a command says when it fails."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click

from routing.errors import DatabaseUnavailable, RoutingError

PATIENCE = 3.0
"""Seconds that a command waits for the diverts: a database far away answers late, not never."""


def actor() -> str:
    """Return how the record names whoever runs a command: a user of this machine, by number."""
    return f"terminal:{os.environ.get('SUDO_UID') or os.getuid()}"


@contextmanager
def in_words() -> Iterator[None]:
    """Say what was wrong, and exit with 1."""
    try:
        yield
    except DatabaseUnavailable as error:
        raise click.ClickException(
            f"{error} If it was never made, run `flask db upgrade`. Answers go on as they were."
        ) from error
    except RoutingError as error:
        raise click.ClickException(str(error)) from error
