"""bin/prove: each part makes a section of docs/proof.md, with its date, command and figures.

`bin/prove` runs every part, `bin/prove kills bench` those named.
"""

import sys
import time
from datetime import UTC, datetime

from sweep import ROOT

from proof import (
    alerts,
    answers,
    benchmarks,
    calls,
    clients,
    faults,
    floods,
    fuzz,
    growth,
    kills,
    mutation,
    nginx,
    pages,
    rota,
    silence,
    slips,
    staff_speed,
    standards,
)

PARTS = {
    "minutes": ("Who to call, at every minute", answers.minutes),
    "directories": (
        "What a directory leaves open, and what a change changes",
        answers.directories,
    ),
    "slips": ("Good files, spoilt", slips.spoilt),
    "calls": ("Calls", calls.calls),
    "rota": ("The rota", rota.rota),
    "kills": ("Killed while writing", kills.kills),
    "faults": ("Whatever breaks", faults.faults),
    "silence": ("A change, then silence", silence.silent),
    "floods": ("Flooded", floods.floods),
    "christmas": ("Christmas rehearsed", faults.rehearsed),
    "pages": ("Every page, at every width", pages.pages),
    "front": ("Behind nginx", nginx.in_front),
    "fuzz": ("Whatever is written", fuzz.fuzzed),
    "alerts": ("Alerts of senders that are killed", alerts.alerts_of_the_killed),
    "clients": ("Clients that others generate", clients.generated_clients),
    "mutation": ("Broken on purpose", mutation.mutated),
    "standards": ("Read by other people's checkers", standards.standards),
    "growth": ("As the work grows", growth.grown),
    "staff": ("How fast the staff pages are", staff_speed.staff),
    "bench": ("How fast, beside what else there is", benchmarks.bench),
}
"""Part: its title in docs/proof.md, and what makes it: (its text, whether anything was wrong)."""

HEAD = """# Proof

What `bin/prove` found, each part with its command. Machines are shared and noisy: of times, read
the ratios.
"""


def main(names):
    """Make parts, and put each in its place in docs/proof.md. Return those that went wrong."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise SystemExit(f"bin/prove knows no part {unknown[0]!r}. Its parts: {', '.join(PARTS)}.")
    failed = []
    for name in names or PARTS:
        began = time.monotonic()
        title, make = PARTS[name]
        text, wrong = make()
        failed += [name] if wrong else []
        seconds = time.monotonic() - began
        on = f"{datetime.now(UTC):%-d %B %Y}"
        put(title, f"Made by `bin/prove {name}` on {on}, in {seconds:.0f} seconds.\n\n{text}")
        print(f"{name}: {'WRONG' if wrong else 'right'}, {seconds:.0f} s", flush=True)
    return failed


def put(title, text):
    """Put a section into docs/proof.md, in place of the one of that title."""
    path = ROOT / "docs/proof.md"
    old = path.read_text("utf-8").split("\n## ")[1:] if path.exists() else []
    texts = dict(section.split("\n\n", 1) for section in old) | {title: text}
    titles = [title for title, _ in PARTS.values() if title in texts]
    sections = [f"## {title}\n\n{texts[title].strip()}\n" for title in titles]
    path.write_text("\n".join([HEAD, *sections]), "utf-8")


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
