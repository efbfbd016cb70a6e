"""bin/prove: each part writes its figures into its section of docs/proof.md, with the date.

`bin/prove` runs every part, `bin/prove kills bench` those named. What a section says above its line
"Made by" is written by hand, and stays.
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
    fuzz,
    growth,
    mutation,
    nginx,
    pages,
    rota,
    slips,
    staff_speed,
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
    "kills": ("Processes killed while they write", faults.prove_kills),
    "faults": ("Faults under load", faults.prove_faults),
    "silence": ("A change, then a minute without requests", faults.prove_silence),
    "floods": ("Floods of requests", faults.prove_floods),
    "christmas": ("A rehearsal of Christmas", faults.prove_christmas),
    "pages": ("Every page, at every width", pages.prove_pages),
    "front": ("Behind nginx", nginx.prove_nginx),
    "fuzz": ("Malformed input", fuzz.prove_parsers),
    "clients": ("Generated clients", clients.prove_clients),
    "mutation": ("Mutation testing", mutation.prove_mutation),
    "standards": ("Checks by other programs", clients.prove_standards),
    "growth": ("Growth", growth.prove_growth),
    "staff": ("Speed of the staff pages", staff_speed.prove_staff_speed),
    "bench": ("Speed, compared", benchmarks.prove_speed),
}
"""Part: its title in docs/proof.md, and the function that returns (text, whether it failed)."""


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
    """Write the figures of a section of docs/proof.md, in place of the earlier ones."""
    path = ROOT / "docs/proof.md"
    head, *texts = path.read_text("utf-8").split("\n## ")
    sections = {section.partition("\n")[0]: section for section in texts}
    prose = sections.get(title, f"{title}\n\n").partition("Made by")[0]
    sections[title] = f"{prose}{text.strip()}\n"
    path.write_text("\n## ".join([head, *sections.values()]), "utf-8")


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
