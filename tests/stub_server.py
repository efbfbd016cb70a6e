"""Servers on loopback that stand in for others': GOV.UK, a provider, a council's website."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers as a test says, without a word on the tests' output. Subclasses have do_GET."""

    def answer(self, status, content_type, body, **headers):
        """Send a whole answer; the body is bytes, or a text."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body.encode() if isinstance(body, str) else body)

    def log_message(self, *arguments):
        """Be quiet."""


def serving(handler):
    """Serve by a subclass of Handler until the block ends; yield the server, with its ``base``."""
    return running(ThreadingHTTPServer(("127.0.0.1", 0), handler))


@contextmanager
def running(server):
    """Run a server in a thread until the block ends; yield it, with its ``base``."""
    server.daemon_threads = True
    server.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
