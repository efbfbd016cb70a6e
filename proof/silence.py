"""The part of bin/prove that makes a change, waits a minute without requests, and then asks."""

import tempfile
import time
from pathlib import Path

from faults import test_silence

SILENCE_SECONDS = 60


def prove_silence():
    """Return the section's text, and whether any first answer was an old one."""
    rows, is_wrong = [], False
    with tempfile.TemporaryDirectory() as name, test_silence.served(Path(name)) as service:
        for change, (make, number) in test_silence.CHANGES.items():
            make(service)
            time.sleep(SILENCE_SECONDS)
            old = service.numbers() - {number}
            is_wrong = is_wrong or bool(old)
            rows.append(f"| {change} | {', '.join(old) or 'none'} |")
    head = (
        f"Four workers. After each change there is no request for {SILENCE_SECONDS} seconds, and "
        f"then {test_silence.REQUESTS} come at once, each over a new connection.\n\n"
        "| change | old numbers among the first answers |\n|---|---|\n"
    )
    return head + "\n".join(rows), is_wrong
