"""Files of the instance folder: written atomically; the secret key."""

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

PUBLIC_FILE_MODE = 0o644
"""The mode of a file for a web server, which runs as another user."""

_ABANDONED_SECONDS = 3600.0
"""A temporary file of this age is abandoned: the process that began it was killed."""

log = logging.getLogger(__name__)


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace the file at ``path`` with ``content``, or leave it as it was.

    A reader sees the whole old file or the whole new one. Raise OSError when it cannot be written.
    """
    prefix = f".new-{path.name}-"
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, delete=False) as new:
        try:
            oldest = os.fstat(new.fileno()).st_mtime - _ABANDONED_SECONDS
            _delete_abandoned(path.parent, prefix, oldest)
            new.write(content)
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
            os.replace(new.name, path)
        except OSError:
            os.unlink(new.name)
            raise


def load_secret_key(folder: Path) -> str:
    """Return the secret key stored in ``folder``; create it if there is none.

    If the folder cannot be written, return a key that lasts as long as the process: staff must
    sign in again after a restart, and callers notice nothing.
    """
    file = folder / "secret-key"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=folder, prefix=".new-key-") as new:  # mode 0600
            new.write(secrets.token_urlsafe(48))
            new.flush()
            try:
                os.link(new.name, file)  # fails where another process was faster
            except FileExistsError:
                log.debug("%s exists already", file)
        return file.read_text("utf-8")
    except OSError as error:
        log.warning(
            "cannot store a key in %s (%s): staff must sign in after each restart", folder, error
        )
        return secrets.token_urlsafe(48)


def _delete_abandoned(folder: Path, prefix: str, oldest: float) -> None:
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(prefix):
                with suppress(FileNotFoundError):  # another process has just put it in place
                    if path.stat().st_mtime < oldest:
                        path.unlink()
