"""bin/prove: each part makes a section of docs/proof.md, with its date, command and figures.

`bin/prove` runs every part, `bin/prove kills bench` those named.
"""

import sys
import time
from datetime import UTC, datetime

from sweep import ROOT

from proof import (
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
    "minutes": ("Who to call, at every minute", answers.prove_minutes),
    "directories": (
        "What a directory leaves open, and what a change changes",
        answers.prove_directories,
    ),
    "slips": ("Slips in good files", slips.prove_slips),
    "calls": ("Calls", calls.prove_calls),
    "rota": ("The rota", rota.prove_rota),
    "kills": ("Processes killed while they write", kills.prove_kills),
    "faults": ("Faults under load", faults.prove_faults),
    "silence": ("A change, then a minute without requests", silence.prove_silence),
    "floods": ("Floods of requests", floods.prove_floods),
    "christmas": ("A rehearsal of Christmas", faults.prove_christmas),
    "pages": ("Every page, at every width", pages.prove_pages),
    "front": ("Behind nginx", nginx.prove_nginx),
    "fuzz": ("Malformed input", fuzz.prove_parsers),
    "clients": ("Generated clients", clients.prove_clients),
    "mutation": ("Mutation testing", mutation.prove_mutation),
    "standards": ("Checks by other programs", standards.prove_standards),
    "growth": ("Growth", growth.prove_growth),
    "staff": ("Speed of the staff pages", staff_speed.prove_staff_speed),
    "bench": ("Speed, compared", benchmarks.prove_speed),
}
"""Part: its title in docs/proof.md, and the function that returns (text, whether it failed)."""

HEAD = """# Proof

The results of `bin/prove`, each part with its command. It runs on shared machines, whose
speed varies: read the ratios rather than the times.
"""


def main(names):
    """Run parts, and write the section of each in docs/proof.md. Return the parts that failed."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise SystemExit(f"bin/prove knows no part {unknown[0]!r}. Its parts: {', '.join(PARTS)}.")
    failed = []
    for name in names or PARTS:
        began = time.monotonic()
        title, run = PARTS[name]
        text, is_wrong = run()
        failed += [name] if is_wrong else []
        seconds = time.monotonic() - began
        on = f"{datetime.now(UTC):%-d %B %Y}"
        put(title, f"Made by `bin/prove {name}` on {on}, in {seconds:.0f} seconds.\n\n{text}")
        print(f"{name}: {'FAILED' if is_wrong else 'passed'}, {seconds:.0f} s", flush=True)
    return failed


def put(title, text):
    """Write a section of docs/proof.md, in place of the earlier one with its title."""
    path = ROOT / "docs/proof.md"
    old = path.read_text("utf-8").split("\n## ")[1:] if path.exists() else []
    texts = dict(section.split("\n\n", 1) for section in old) | {title: text}
    titles = [title for title, _ in PARTS.values() if title in texts]
    sections = [f"## {title}\n\n{texts[title].strip()}\n" for title in titles]
    path.write_text("\n".join([HEAD, *sections]), "utf-8")


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
