"""The part of bin/prove that changes what answers rest on, and asks after a minute of silence."""

import tempfile
import time
from pathlib import Path

import silence

SILENCE_SECONDS = 60


def silent():
    """Return the section's text, and whether any first answer was an old one."""
    rows, is_wrong = [], False
    with tempfile.TemporaryDirectory() as name, silence.service(Path(name)) as service:
        for change, (make, number) in silence.CHANGES.items():
            make(service)
            time.sleep(SILENCE_SECONDS)
            old = service.numbers() - {number}
            is_wrong = is_wrong or bool(old)
            rows.append(f"| {change} | {', '.join(old) or 'none'} |")
    head = (
        f"Four workers; after each change nobody asks for {SILENCE_SECONDS} seconds, and then "
        f"{silence.REQUESTS} ask at once, each over a new connection.\n\n"
        "| change | old numbers among the first answers |\n|---|---|\n"
    )
    return head + "\n".join(rows), is_wrong
