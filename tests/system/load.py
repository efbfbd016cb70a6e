"""Questions over connections that are kept open, each answer with how long it took."""

import http.client
import time
from dataclasses import dataclass
from http.client import HTTPMessage
from urllib.parse import urlencode, urlsplit

TRIES = 3
TIMEOUT_SECONDS = 15.0
"""As long as Twilio waits at most."""

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class SentAnswer:
    """One answer, as a test client's: when it was asked for and came, in monotonic seconds.

    ``again``: the connection broke, and it was asked for over another, up to TRIES times in all, as
    Twilio does by the address in docs/telephony.md (``rc=2``).
    """

    sent_at: float
    received_at: float
    status_code: int
    headers: HTTPMessage
    text: str
    again: bool

    @property
    def took(self):
        return self.received_at - self.sent_at

    @property
    def mimetype(self):
        return self.headers.get_content_type()

    def get_data(self):
        return self.text.encode()


class Caller:
    """One connection that is kept open, and opened again when the server closes it.

    ``heard`` is given each answer; ``latest`` is the latest.
    """

    def __init__(self, base, headers=None, heard=lambda answer: None):
        self.connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=TIMEOUT_SECONDS)
        self.headers, self.heard, self.latest = headers or {}, heard, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.connection.close()

    def ask(self, path):
        return self._ask("GET", path, None, self.headers)

    def post(self, path, data, headers):
        """Send a form, as a test client of Flask's would."""
        return self._ask("POST", path, urlencode(data), self.headers | FORM | headers)

    def _ask(self, *request):
        sent_at = time.monotonic()
        for tries in range(1, TRIES + 1):
            try:
                self.connection.request(*request)
                answer = self.connection.getresponse()
                text, received_at = answer.read().decode(), time.monotonic()
                break
            except (http.client.HTTPException, OSError) as error:
                self.connection.close()
                if tries == TRIES or isinstance(error, TimeoutError):
                    raise
        self.latest = SentAnswer(
            sent_at, received_at, answer.status, answer.headers, text, again=tries > 1
        )
        self.heard(self.latest)
        return self.latest
