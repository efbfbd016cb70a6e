"""Questions asked as fast as can be while an answer changes, and when each was sent."""

import re
import socket
import threading
import time
from datetime import datetime

HANDOVER = datetime.fromisoformat("2026-11-23T17:00:00+00:00")
"""One of directory.yaml's, by the service's clock."""

DECISION = "/api/v1/services/children/decision"
QUESTION = f"GET {DECISION} HTTP/1.1\r\nHost: who.example\r\n\r\n".encode()
UNTIL = re.compile(rb'"until": ?"([^"]+)"')
LENGTH = re.compile(rb"content-length: (\d+)", re.I)


class RequestCounts:
    """How many answers there were, and which were asked for at their handover or later."""

    def __init__(self):
        self.answers, self.stale, self.lines = 0, [], set()


def across(port, handover, seconds=3.0, threads=4):
    """Ask over and over until so long after a handover (Unix seconds); return what was counted.

    An answer is stale when its question was sent at its own ``until`` or later.
    """
    counted, turn = RequestCounts(), threading.Lock()

    def run():
        untils, answers, stale = set(), 0, []
        for sent, body in asking(port, lambda: time.time() < handover + seconds):
            answers += 1
            until = UNTIL.search(body)[1].decode()
            untils.add(until)
            ends = handover + (datetime.fromisoformat(until) - HANDOVER).total_seconds()
            if sent >= ends:
                stale.append((sent - ends, until))
        with turn:
            counted.answers += answers
            counted.stale += stale
            counted.lines |= untils

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return counted


def asking(port, go_on):
    """Ask over a kept connection while ``go_on()``; yield when that was, and the answer."""
    to = socket.create_connection(("127.0.0.1", port), timeout=20)
    try:
        while go_on():
            sent = time.time()
            body, closed = _asked(to)
            yield sent, body
            if closed:
                to.close()
                to = socket.create_connection(("127.0.0.1", port), timeout=20)
    finally:
        to.close()


def _asked(to):
    """Send the question; return the answer's body, and whether the connection is closed then."""
    to.sendall(QUESTION)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += to.recv(65536) or _gone(answer)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer
    while len(body) < int(LENGTH.search(head)[1]):
        body += to.recv(65536) or _gone(body)
    return body, b"connection: close" in head.lower()


def _gone(answer):
    raise AssertionError(f"the connection is gone after {answer!r}")
