"""Where alerts go in tests: a real mail server, and a real webhook, on loopback."""

import asyncio
import socket
import ssl
import threading
from contextlib import ExitStack
from email import message_from_bytes, policy

import pytest
import stub_server
from aiosmtpd.controller import Controller
from serving import free_port


class Post:
    """A mail server, aiosmtpd, that keeps what it takes, and refuses what a test says."""

    def __init__(self):
        self.taken, self.refused, self.reply = [], set(), "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return f"550 5.1.1 <{address}>: no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.reply.startswith("250"):
            self.taken.append(
                (envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default))
            )
        return self.reply

    def subjects(self, address="duty@anyshire.example"):
        return [mail["Subject"].strip() for to, mail in self.taken if to == [address]]


class MailServer(Controller):
    """aiosmtpd, which waits for itself a second and leaves connections open: neither is so here."""

    def __init__(self, *arguments, **more):
        self.sessions = []
        super().__init__(*arguments, ready_timeout=60, **more)

    def factory(self):
        self.sessions.append(super().factory())
        return self.sessions[-1]

    def _trigger_server(self):
        with ExitStack() as stack:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", self.port), 30))
            if self.ssl_context:
                anybody = ssl._create_unverified_context()
                connection = stack.enter_context(anybody.wrap_socket(connection))
            connection.recv(1024)

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(30)
        super().stop()

    async def _hang_up(self):
        for session in self.sessions:
            for transport in filter(None, (session.transport, session._original_transport)):
                transport.abort()
        for _ in range(5):
            await asyncio.sleep(0)


def serve_mail(post, request, **more):
    server = MailServer(post, hostname="127.0.0.1", port=free_port(), **more)
    server.start()
    request.addfinalizer(server.stop)
    return server.port


@pytest.fixture
def post(request):
    post = Post()
    post.port = serve_mail(post, request)
    return post


class Hook(stub_server.Handler):
    """A webhook that keeps what is posted, and answers as a test says: at once, or never."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(body)
        if self.server.on_post:
            self.server.on_post()
        self.server.gate.wait(30)
        self.answer(self.server.status, "text/plain", "", Location=f"{self.server.url}/elsewhere")


@pytest.fixture
def hook():
    with stub_server.serving(Hook) as server:
        server.url = f"{server.base}/hooks/SECRET"
        server.taken, server.status, server.gate, server.on_post = [], 204, threading.Event(), None
        server.gate.set()
        yield server
        server.gate.set()
