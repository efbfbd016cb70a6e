"""Files put in place whole."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def replace(path: Path, content: bytes) -> None:
    """Put ``content`` in the file at ``path`` whole, or leave the file as it was.

    Whoever reads it meanwhile reads the old one or the new one. Raise OSError when it cannot be
    written.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as new:
        try:
            new.write(content)
            new.flush()
            os.fsync(new.fileno())
            os.replace(new.name, path)
        except OSError:
            os.unlink(new.name)
            raise
