"""Another host on loopback: one that keeps files, and answers as Twilio's own interface does."""

import json
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import stub_server


class Host:
    """``files`` by path, ``numbers`` by E.164 and ``applications`` by id as Twilio tells of them.

    ``asked`` is what was asked of it.
    """

    def __init__(self):
        self.files, self.numbers, self.asked = {}, {}, []
        self.applications, self.base = {}, ""


@contextmanager
def running():
    host = Host()

    class HostHandler(stub_server.Handler):
        def do_GET(self):
            parts = urlsplit(self.path)
            host.asked.append((self.path, self.headers.get("Authorization")))
            if parts.path.endswith("/IncomingPhoneNumbers.json"):
                number = parse_qs(parts.query)["PhoneNumber"][0]
                numbers = [host.numbers[number]] if number in host.numbers else []
                listed = json.dumps({"incoming_phone_numbers": numbers})
                self.answer(200, "application/json", listed)
            elif "/Applications/" in parts.path:
                application = host.applications[parts.path.rpartition("/")[2]]
                self.answer(200, "application/json", json.dumps(application))
            elif parts.path in host.files:
                self.answer(200, "text/xml", host.files[parts.path])
            else:
                self.answer(404, "text/html", "not here")

        def do_POST(self):
            self.answer(405, "text/html", "files only")

    with stub_server.serving(HostHandler) as server:
        host.base = server.base.replace("127.0.0.1", "localhost")
        yield host
