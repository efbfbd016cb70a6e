"""Files put in place whole."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

PUBLIC = 0o644
"""The mode of what a web server, which runs as another user, is to read."""


def replace(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put ``content`` in the file at ``path`` whole, or leave the file as it was.

    Whoever reads it meanwhile reads the old one or the new one. Raise OSError when it cannot be
    written.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as new:
        try:
            new.write(content)
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
            os.replace(new.name, path)
        except OSError:
            os.unlink(new.name)
            raise
