"""bin/prove: the long counts, each part a section of docs/proof.md with date, command and figures.

`bin/prove` makes every part, `bin/prove kills bench` those named.
"""

import sys
import time
from datetime import UTC, datetime

import mutants
import prove_alerts
import prove_answers
import prove_bench
import prove_calls
import prove_faults
import prove_floods
import prove_fuzz
import prove_growth
import prove_kills
import prove_nginx
import prove_rota
from sweep import ROOT

PARTS = {
    "minutes": ("Who to call, at every minute", prove_answers.minutes),
    "directories": (
        "What a directory leaves open, and what a change changes",
        prove_answers.directories,
    ),
    "calls": ("Calls", prove_calls.calls),
    "rota": ("The rota", prove_rota.rota),
    "kills": ("Killed while writing", prove_kills.kills),
    "faults": ("Whatever breaks", prove_faults.faults),
    "christmas": ("Christmas rehearsed", prove_faults.rehearsed),
    "front": ("Behind nginx", prove_nginx.in_front),
    "floods": ("Flooded", prove_floods.floods),
    "fuzz": ("Whatever is written", prove_fuzz.fuzzed),
    "alerts": ("Alerts of senders that are killed", prove_alerts.alerts_of_the_killed),
    "mutants": ("Broken on purpose", mutants.broken),
    "growth": ("As the work grows", prove_growth.grown),
    "bench": ("How fast, beside what else there is", prove_bench.bench),
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
        told, wrong = make()
        failed += [name] if wrong else []
        seconds = time.monotonic() - began
        on = f"{datetime.now(UTC):%-d %B %Y}"
        put(title, f"Made by `bin/prove {name}` on {on}, in {seconds:.0f} seconds.\n\n{told}")
        print(f"{name}: {'WRONG' if wrong else 'right'}, {seconds:.0f} s", flush=True)  # noqa: T201
    return failed


def put(title, text):
    """Put a section into docs/proof.md, in place of the one of that title."""
    path = ROOT / "docs/proof.md"
    found = path.read_text("utf-8").split("\n## ")[1:] if path.exists() else []
    kept = dict(each.split("\n\n", 1) for each in found) | {title: text}
    titles = [each for each, _ in PARTS.values()]
    sections = [f"## {each}\n\n{kept[each].strip()}\n" for each in titles if each in kept]
    path.write_text("\n".join([HEAD, *sections]), "utf-8")


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
