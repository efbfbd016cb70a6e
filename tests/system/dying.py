"""An application that is killed, or hangs, with its first requests in hand, and then answers."""

import socket
import threading
from contextlib import contextmanager

OK = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n{}Connection: close\r\n\r\nanswered"


class Dying:
    """What it was asked, by which heads. It answers none of the first: it hangs up, or hangs.

    ``more`` is one more line of the heads of its answers.
    """

    def __init__(self, first, hangs):
        self.asked, self.heads, self.first, self.hangs = [], [], first, hangs
        self.more = ""
        self._held, self._listener = [], socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            connection, _ = self._listener.accept()
            request = connection.recv(65536)
            if not request:
                connection.close()
                return
            self.asked.append(request.split(b" HTTP")[0].decode())
            self.heads.append(request.partition(b"\r\n\r\n")[0].decode().lower())
            if len(self.asked) > self.first:
                connection.sendall(OK.format(self.more).encode())
            elif self.hangs:
                self._held.append(connection)
                continue
            connection.close()

    def close(self):
        """Stop: by a connection that asks nothing."""
        socket.create_connection(self._listener.getsockname(), timeout=5).close()
        self._thread.join(20)
        for connection in (self._listener, *self._held):
            connection.close()


@contextmanager
def dying(first=1, hangs=False):
    """Run one; yield it."""
    application = Dying(first, hangs)
    try:
        yield application
    finally:
        application.close()
