"""Floods' part of bin/prove: each address that needs no sign-in, with nginx and without it."""

import os
import tempfile
from pathlib import Path

import flood
import nginx

MAX_WAIT_SECONDS = 1.0
"""The longest that a caller may wait for an answer."""


def prove_floods():
    """Prove that a flood of any address delays and refuses no caller."""
    rows, wrong = [], False
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        folder = Path(name)
        with flood.served(folder) as own, nginx.before([f"127.0.0.1:{own}"], folder) as front:
            for way, port in (("alone", own), ("behind nginx", front)):
                for address in flood.NAMES:
                    answers, statuses = flood.endure(port, address)
                    bad = answers.wrong or answers.slowest >= MAX_WAIT_SECONDS
                    wrong = wrong or bool(bad)
                    rows.append((address, way, answers, statuses))
    return describe_floods(rows), wrong


def describe_floods(rows):
    """Return the text of this part."""
    return "\n".join(
        [
            f"Each address that needs no sign-in, asked {flood.AT_ONCE} times at once and then",
            f"{flood.RATE} times a second for 20 seconds, by one address. Meanwhile every half",
            "second a signed call, a number and the home page, from another. *Wrong* are callers",
            "who were refused or got another answer.",
            "",
            "| flooded | | callers' answers | wrong | slowest | the flood's answers |",
            "|---|---|---:|---:|---:|---|",
            *(
                f"| {address} | {way} | {answers.count} | {len(answers.wrong)} "
                f"| {answers.slowest:.2f} s | {_statuses(statuses)} |"
                for address, way, answers, statuses in rows
            ),
        ]
    )


def _statuses(statuses):
    return ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items()))
