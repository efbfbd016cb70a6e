"""Many questions at once over connections that are kept open, each answer with how long it took."""

import http.client
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Answer:
    """One answer: when it was asked for (monotonic seconds), how long it took, and what it said."""

    asked: float
    took: float
    status: int
    text: str


class Caller:
    """One connection that is kept open, and opened again when the server closes it."""

    def __init__(self, base, headers=None):
        self.host, self.headers, self.connection = urlsplit(base).netloc, headers or {}, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.connection is not None:
            self.connection.close()

    def ask(self, path):
        for again in (False, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, timeout=30)
            asked = time.monotonic()
            try:
                self.connection.request("GET", path, headers=self.headers)
                answer = self.connection.getresponse()
                text = answer.read().decode()
                return Answer(asked, time.monotonic() - asked, answer.status, text)
            except (http.client.HTTPException, OSError):
                self.connection.close()
                self.connection = None
                if again:
                    raise
        raise AssertionError


def once(base, path, headers=None):
    """Ask once, over a connection of its own."""
    with Caller(base, headers) as caller:
        return caller.ask(path)


class Load:
    """Threads that ask one path after another until they are told to stop."""

    def __init__(self, base, paths, threads=2, pause=0.005):
        self.answers, self.failed, self._stop = [], [], threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=[base, paths, pause]) for _ in range(threads)
        ]

    def _run(self, base, paths, pause):
        with Caller(base) as caller:
            while not self._stop.is_set():
                for path in paths:
                    try:
                        self.answers.append((path, caller.ask(path)))
                    except Exception as error:
                        self.failed.append((path, repr(error)))
                time.sleep(pause)

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        for each in self._threads:
            each.join()

    def since(self, start):
        """Return the answers that were asked for after an instant of time.monotonic()."""
        return [(path, each) for path, each in list(self.answers) if each.asked >= start]
