"""What Flask's test client can do, done to a server that runs: every request goes over HTTP."""

import http.client
from contextlib import closing

from werkzeug.test import Client


class Through:
    """Stands where tests expect an app that they can ask."""

    def __init__(self, port):
        self.port = port

    def test_client(self):
        return Client(self)

    def __call__(self, environ, start_response):
        """Pass a request on (WSGI)."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            name[5:].replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            method, target = environ["REQUEST_METHOD"], environ["REQUEST_URI"]
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        drop = ("transfer-encoding", "connection")
        headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in drop]
        start_response(f"{answer.status} {answer.reason}", headers)
        return [content]
