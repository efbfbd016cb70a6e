"""Another host on loopback: one that keeps files, and answers as Twilio's own interface does."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Host(ThreadingHTTPServer):
    """``files`` by path, ``numbers`` by E.164 and ``applications`` by id as Twilio tells of them,
    what was ``asked``, and the status of a ``refusal``.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.numbers, self.asked, self.refusal = {}, {}, [], 405
        self.applications = {}

    @property
    def base(self):
        return f"http://localhost:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        if parts.path.endswith("/IncomingPhoneNumbers.json"):
            number = parse_qs(parts.query)["PhoneNumber"][0]
            numbers = [self.server.numbers[number]] if number in self.server.numbers else []
            self._answer(200, "application/json", json.dumps({"incoming_phone_numbers": numbers}))
        elif "/Applications/" in parts.path:
            application = self.server.applications[parts.path.rpartition("/")[2]]
            self._answer(200, "application/json", json.dumps(application))
        elif parts.path in self.server.files:
            self._answer(200, "text/xml", self.server.files[parts.path])
        else:
            self._answer(404, "text/html", "not here")

    def do_POST(self):
        self._answer(self.server.refusal, "text/html", "files only")

    def _answer(self, status, kind, text):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        """Be quiet."""


@contextmanager
def running():
    host = Host()
    thread = threading.Thread(target=host.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield host
    finally:
        host.shutdown()
        host.server_close()
        thread.join()
