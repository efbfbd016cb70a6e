"""A line between the service and its database, on loopback, that a test makes slow."""

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Link:
    """``delay``: seconds that whatever is sent either way takes to arrive."""

    to: int
    port: int = 0
    delay: float = 0.0

    async def serve(self, ready):
        """Carry to and fro until cancelled."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready()
        async with server:
            await server.serve_forever()

    async def _connect(self, reader, writer):
        far = None
        try:
            answers, far = await asyncio.open_connection("127.0.0.1", self.to)
            ways = (self._carry(reader, far), self._carry(answers, writer))
            await asyncio.gather(*ways)
        except (OSError, asyncio.CancelledError):
            return
        finally:
            for stream in filter(None, (writer, far)):
                stream.close()

    async def _carry(self, reader, writer):
        while part := await reader.read(65536):
            await asyncio.sleep(self.delay)
            writer.write(part)
            await writer.drain()
        raise ConnectionResetError  # one end has gone, so goes the other


@contextmanager
def linked(port):
    """Yield a Link to what listens at a port of this machine."""
    link, loop, ready = Link(port), asyncio.new_event_loop(), threading.Event()
    task = loop.create_task(link.serve(ready.set))

    def run():
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(_until_cancelled(task))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield link
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


async def _until_cancelled(task):
    await asyncio.wait([task])
