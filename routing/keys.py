"""The key that signs cookies: given, or made on the first run and kept."""

import logging
import os
import secrets
from pathlib import Path
from tempfile import NamedTemporaryFile

log = logging.getLogger(__name__)


def kept(folder: Path) -> str:
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
