"""Where alerts go in tests: a real mail server, and a real webhook, on loopback."""

import asyncio
import threading
from email import message_from_bytes, policy
from functools import partial

import pytest
import stub_server
from aiosmtpd.smtp import SMTP


class Post:
    """A mail server, aiosmtpd, that keeps what it takes, and refuses what a test says."""

    def __init__(self):
        self.taken, self.refused = [], set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return f"550 5.1.1 <{address}>: no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append((envelope.rcpt_tos, mail))
        return "250 OK"

    def subjects(self, address="duty@anyshire.example"):
        return [mail["Subject"].strip() for to, mail in self.taken if to == [address]]


def serve_mail(post, request, ssl_context=None, **more):
    """Serve a mailbox on loopback until the test ends; return the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)

    def run(job):
        return asyncio.run_coroutine_threadsafe(job, loop).result(60)

    async def stop():
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close():
        run(stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    thread.start()
    protocol = partial(SMTP, post, loop=loop, **more)
    server = run(loop.create_server(protocol, "127.0.0.1", 0, ssl=ssl_context))
    request.addfinalizer(close)
    return server.sockets[0].getsockname()[1]


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
