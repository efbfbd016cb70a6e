"""Files put in place whole."""

import math
import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

PUBLIC = 0o644
"""The mode of what a web server, which runs as another user, is to read."""

_LEFT = 3600.0
"""Seconds after which nobody writes a file any more: whoever began it was killed."""


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
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
