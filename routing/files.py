"""Files put in place whole."""

import logging
import math
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

PUBLIC_FILE_MODE = 0o644
"""The mode of what a web server, which runs as another user, is to read."""

_LEFT = 3600.0
"""Seconds after which nobody writes a file any more: whoever began it was killed."""


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put ``content`` in the file at ``path`` whole, or leave the file as it was.

    Whoever reads it meanwhile reads the old one or the new one. Raise OSError when it cannot be
    written.
    """
    prefix = f".new-{path.name}-"
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as new:
        try:
            _sweep(path.parent, prefix, os.fstat(new.fileno()).st_mtime - _LEFT)
            new.write(content)
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
            os.replace(new.name, path)
        except OSError:
            os.unlink(new.name)
            raise


def _sweep(folder: Path, prefix: str, before: float) -> None:
    """Delete what those left who were killed while they wrote, as commands are at their end."""
    with suppress(OSError):
        for each in folder.iterdir():
            if each.name.startswith(prefix) and _written_at(each) < before:
                each.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    """Return when a file was written; never, for one that another writer puts in its place now."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


log = logging.getLogger(__name__)


def load_secret_key(folder: Path) -> str:
    """Return the key kept in ``folder``, making it first where there is none.

    Where the folder cannot be written, return one that lasts as long as the process: staff must
    sign in again after a restart, callers notice nothing.
    """
    file = folder / "secret-key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=folder, prefix=".new-key-") as new:  # for the owner alone
            new.write(secrets.token_urlsafe(48))
            new.flush()
            try:
                os.link(new.name, file)  # whole, and only where there is none: another is faster
            except FileExistsError:
                log.debug("%s is there already", file)
        return file.read_text("utf-8")
    except OSError as error:
        log.warning(
            "cannot keep a key in %s (%s): staff must sign in after each start", folder, error
        )
        return secrets.token_urlsafe(48)
