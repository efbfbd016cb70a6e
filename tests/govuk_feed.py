"""A server on loopback that sends what a test gives it, in the place of GOV.UK."""

import json
import time
from contextlib import contextmanager
from pathlib import Path

import stub_server

LIST = Path(__file__).with_name("data") / "bank-holidays.json"


class Feed:
    """What the server sends next."""

    def __init__(self):
        self.status, self.body, self.headers, self.trickle = 200, LIST.read_bytes(), {}, 0.0
        self.url = ""

    def send(self, events):
        """Send a list, as GOV.UK writes it."""
        self.body = json.dumps(events).encode()


def events():
    """Return GOV.UK's list, to be changed and sent."""
    return json.loads(LIST.read_text("utf-8"))


def added(feed, day, title, division="england-and-wales"):
    """Return the list with a holiday added."""
    event = {"title": title, "date": day, "notes": "", "bunting": True}
    feed[division]["events"] = sorted(
        [*feed[division]["events"], event], key=lambda listed: listed["date"]
    )
    return feed


def without(feed, day, division="england-and-wales"):
    """Return the list without what is on a day."""
    remaining = [event for event in feed[division]["events"] if event["date"] != day]
    assert len(remaining) == len(feed[division]["events"]) - 1
    feed[division]["events"] = remaining
    return feed


@contextmanager
def serving():
    """Serve a Feed on loopback, until the block ends."""
    feed = Feed()

    class FeedHandler(stub_server.Handler):
        def do_GET(self):
            self.send_response(feed.status)
            for name, value in feed.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if not feed.trickle:
                self.wfile.write(feed.body)
                return
            for byte in feed.body[:40]:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(feed.trickle)

    with stub_server.serving(FeedHandler) as server:
        feed.url = f"{server.base}/bank-holidays.json"
        yield feed
