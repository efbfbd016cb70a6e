"""A line between the service and its database, on loopback, that a test makes slow."""

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Link:
    """``delay``: seconds that whatever is sent either way takes to arrive."""

    port: int = 0
    delay: float = 0.0


@contextmanager
def linked(port):
    """Yield a Link to what listens at a port of this machine."""
    link, loop = Link(), asyncio.new_event_loop()

    async def carry(reader, writer):
        while part := await reader.read(65536):
            await asyncio.sleep(link.delay)
            writer.write(part)
            await writer.drain()

    async def connect(reader, writer):
        try:
            far, to = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        ways = [asyncio.ensure_future(carry(*way)) for way in ((reader, to), (far, writer))]
        _, rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in rest:
            each.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (to, writer):
            each.close()

    server = loop.run_until_complete(asyncio.start_server(connect, "127.0.0.1", 0))
    link.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield link
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for each in asyncio.all_tasks(loop):
            each.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
