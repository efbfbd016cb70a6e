"""The service on a machine whose clock a test steps: ``gunicorn stepped_clock:app``.

The file named by CLOCK_STEP holds by how many seconds the machine's clock is wrong, as a double.
"""

import mmap
import os
import struct
import time
from datetime import UTC, datetime

_right, _right_ns = time.time, time.time_ns
with open(os.environ["CLOCK_STEP"], "rb") as file:
    _step = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)


def _by():
    return struct.unpack("d", _step)[0]


time.time = lambda: _right() + _by()
time.time_ns = lambda: _right_ns() + int(_by() * 1e9)

from routing import create_app  # noqa: E402 - only now: the clock is replaced first

app = create_app({"CLOCK": lambda: datetime.fromtimestamp(time.time(), UTC)})
