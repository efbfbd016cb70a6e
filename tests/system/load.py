"""Questions over connections that are kept open, each answer with how long it took."""

import http.client
import time
from dataclasses import dataclass
from http.client import HTTPMessage
from urllib.parse import urlencode, urlsplit

TRIES = 3
LONGEST = 15.0
"""Seconds that one waits for an answer: as long as Twilio does at most."""


@dataclass
class SentAnswer:
    """One answer: when the request was sent and the answer came (monotonic
    seconds), and its content.

    ``again``: the connection broke, and it was asked for over another, up to TRIES times in all, as
    Twilio does by the address in docs/telephony.md (``rc=2``).
    """

    sent_at: float
    received_at: float
    status: int
    headers: HTTPMessage
    text: str
    again: bool = False

    @property
    def took(self):
        return self.received_at - self.sent_at

    @property
    def status_code(self):
        return self.status

    @property
    def mimetype(self):
        return self.headers.get_content_type()

    def get_data(self):
        return self.text.encode()


class Caller:
    """One connection that is kept open, and opened again when the server closes it.

    ``heard`` is told of each answer.
    """

    def __init__(self, base, headers=None, heard=lambda answer: None):
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=LONGEST)
        self.headers, self.heard = headers or {}, heard

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.connection.close()

    def ask(self, path):
        return self._ask("GET", path, None, self.headers)

    def post(self, path, data, headers):
        """Send a form, as a test client of Flask's would."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, urlencode(data), self.headers | kind | headers)

    def _ask(self, method, path, body, headers):
        sent_at, tries = time.monotonic(), 1
        while True:
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                text, received_at = answer.read().decode(), time.monotonic()
                break
            except (http.client.HTTPException, OSError) as error:
                self.connection.close()
                if tries == TRIES or isinstance(error, TimeoutError):
                    raise
                tries += 1
        result = SentAnswer(
            sent_at, received_at, answer.status, answer.headers, text, again=tries > 1
        )
        self.heard(result)
        return result
