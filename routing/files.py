"""Files: read within limits, written atomically, locked; the secret key."""

import errno
import logging
import os
import secrets
import stat
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL
from tempfile import NamedTemporaryFile
from typing import IO, TypeVar

IO_TIMEOUT_SECONDS = 5.0
"""How long a file system may take to answer."""

CALLER_IO_TIMEOUT_SECONDS = 1.0
"""How long it may take while a caller waits: Twilio waits for four seconds."""

MAX_KEPT_BYTES = 4_000_000
"""Size of a file of the instance folder that is read whole, apart from the database."""

PUBLIC_FILE_MODE = 0o644
"""The mode of a file for a web server, which runs as another user."""

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")
_hanging: dict[Path, Callable[[], bool]] = {}
"""Files whose file system did not answer, and whether that is over."""


def probe(file: Path) -> None:
    """Have another process look at a file before this one does, which must be able to end.

    The kernel may let no process end that looks where a file system hangs. If that one has no
    answer within IO_TIMEOUT_SECONDS, ``file`` counts as hanging here until it has.
    """
    look = ["sh", "-c", 'test -f "$0" && : < "$0"', str(file)]
    with suppress(OSError, ValueError):
        child = subprocess.Popen(look, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)  # noqa: S603 - our own words
        try:
            child.wait(IO_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            _hanging[file] = lambda: child.poll() is not None


def read_bytes(file: Path, size: int = MAX_KEPT_BYTES) -> bytes:
    """Return at most ``size`` bytes of a regular file.

    Raise OSError, also for a pipe or a device, which are not opened; TimeoutError when the file
    system does not answer within IO_TIMEOUT_SECONDS.
    """
    return run_with_timeout(lambda path: _read(path, size), file)


def run_with_timeout(
    function: Callable[[Path], _Result], file: Path, seconds: float | None = None
) -> _Result:
    """Return ``function(file)``. Raise what it raises; TimeoutError after IO_TIMEOUT_SECONDS.

    Or after ``seconds``. A thread that hangs in the file system cannot be ended: until it returns,
    no other is started for this file or folder. Where no thread can be started at all, call the
    function here: an answer that may hang is better than none.
    """
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(function(file))
        except Exception as error:
            future.set_exception(error)

    if file not in _hanging or _hanging[file]():
        try:
            threading.Thread(target=run, name="file-io", daemon=True).start()
        except RuntimeError:
            return function(file)
        try:
            return future.result(seconds or IO_TIMEOUT_SECONDS)
        except TimeoutError:
            if future.done():
                raise
            _hanging[file] = future.done
    raise TimeoutError(errno.ETIMEDOUT, "the file system does not answer")


def open_lock(file: Path) -> IO[bytes]:
    """Return a file to be locked, opened without waiting, even for a pipe. Raise OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    return open(file, "rb+", buffering=0, opener=lambda path, _: os.open(path, flags, 0o600))


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace the file at ``path`` with ``content``, or leave it as it was.

    A reader sees the whole old file or the whole new one. Raise OSError when it cannot be written.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=f".new-{path.name}-", delete=False) as new:
        try:
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

    If the folder cannot be written, or its file is none of this service's, return a key that lasts
    as long as the process: staff must sign in again after a restart, callers notice nothing.
    """
    try:
        return run_with_timeout(_load_or_create_key, folder)
    except OSError as error:
        log.warning("cannot keep a key in %s (%s): a restart signs staff out", folder, error)
        return secrets.token_urlsafe(48)


def _load_or_create_key(folder: Path) -> str:
    file = folder / "secret-key"
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=folder, prefix=".new-key-") as new:  # mode 0600
        new.write(secrets.token_urlsafe(48))
        new.flush()
        os.fsync(new.fileno())
        with suppress(FileExistsError):  # another process was faster
            os.link(new.name, file)
    if len(key := _read(file, MAX_KEPT_BYTES).decode("ascii", "ignore")) < 32:  # ours has 64
        raise OSError(f"delete {file}, which holds no key")
    return key


def _read(file: Path, size: int) -> bytes:
    if not stat.S_ISREG(os.stat(file).st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as content:
        return content.read(size) or b""  # None where reading would wait
