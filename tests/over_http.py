"""A client over real HTTP on loopback, for an app in this process whose clock a test sets."""

import http.client
import threading
from contextlib import closing, contextmanager
from urllib.parse import urlencode

from werkzeug.serving import make_server


class Answer:
    """An answer, as Flask's own test client has it."""

    def __init__(self, answer):
        self.status_code, self.headers, self._body = answer.status, answer.headers, answer.read()
        self.mimetype = answer.headers.get_content_type()

    def get_data(self):
        return self._body

    @property
    def text(self):
        return self._body.decode()


class Client:
    """Posts forms to a server that runs."""

    def __init__(self, port):
        self.port = port

    def post(self, path, data, headers):
        body = urlencode(data)
        kind = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request("POST", path, body, {**headers, **kind})
            return Answer(connection.getresponse())


@contextmanager
def serving(app):
    """Serve an app. Yield a client."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield Client(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
