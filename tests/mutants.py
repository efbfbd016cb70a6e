"""Mutants that would drop callers, or hide who is on duty: the code broken on purpose.

Run by bin/prove: each is made in a copy, and some test of that part must fail there.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = (
    "tests/test_calling.py",
    "tests/telephony",
    "tests/storage/test_calls.py",
    "tests/storage/test_writer.py",
)

MUTANTS = {
    "trust `completed`": (
        "routing/calling.py",
        "if bridged is False or (screened and not accepted):",
        "if False:",
    ),
    "trust a bridge without the key": (
        "routing/calling.py",
        "(screened and not accepted)",
        "False",
    ),
    "raise in the log": (
        "routing/storage/call_log.py",
        '            log.exception("fault in the call log: the call goes on without it")',
        "            raise",
    ),
    "lose the log's entry": (
        "routing/storage/call_log.py",
        "                self._waiting.append(entry)",
        "                pass",
    ),
    "no action on failure": (
        "routing/formats/twiml.py",
        "timeout=seconds, action=action, method",
        "timeout=seconds, method",
    ),
    "leave a fault to others": (
        "routing/telephony/__init__.py",
        "    except Exception as error:\n        door.fault(error)",
        "    except ImportError as error:\n        door.fault(error)",
    ),
    "tell one call of another's state": (
        "routing/formats/call.py",
        ".replace(_BEGAN, str(step.progress.began))",
        "",
    ),
    "take another's change for a note of one's own": (
        "routing/storage/writer.py",
        "return self._opened, version",
        "return self._opened",
    ),
    "leave a note half written": (
        "routing/storage/writer.py",
        '                    run(connection, "ROLLBACK")',
        '                    run(connection, "COMMIT")',
    ),
    "ring a shut office": (
        "routing/calling.py",
        "if not known and timetables.is_open(line, at):",
        "if not known:",
    ),
    "forget the first decision": (
        "routing/telephony/voice.py",
        "    decision, began = _as_first(call, decision, kept), ",
        "    decision, began = decision, ",
    ),
    "ring for ever": ("routing/calling.py", "if progress.round >= ROUNDS:", "if False:"),
    "no end of eight minutes": (
        "routing/calling.py",
        "if _seconds(at) - progress.began >= LONGEST.total_seconds():",
        "if False:",
    ),
    "ring the number that was called": (
        "routing/telephony/incoming.py",
        "filter(None, (self.called, self.forwarded_from, *services))",
        "filter(None, ())",
    ),
    "show a withheld number": (
        "routing/telephony/incoming.py",
        "if number in WITHHELD or not re.fullmatch",
        "if not re.match",
    ),
    "let in the unsigned": (
        "routing/telephony/door.py",
        "    if _signed(asked):",
        "    if _signed(asked) or True:",
    ),
    "say 999 as a whole": (
        "routing/wording/spoken.py",
        "return [spelled(each) for each in",
        "return [each for each in",
    ),
}

ROTA_TESTS = (
    "tests/rota",
    "tests/storage/test_rota.py",
    "tests/storage/test_workers.py",
    "tests/staff/test_rota.py",
    "tests/staff/test_shifts.py",
    "tests/staff/test_fill.py",
    "tests/staff/test_people.py",
)

ROTA_MUTANTS = {
    "let the oldest cover win": (
        "routing/rota/roster.py",
        "for each in reversed(covers) if",
        "for each in covers if",
    ),
    "keep somebody on for the second they go": (
        "routing/rota/roster.py",
        "on = [each for each in on if begins < each.during.end]",
        "on = [each for each in on if begins <= each.during.end]",
    ),
    "count nobody as somebody": (
        "routing/rota/roster.py",
        "tuple(dict.fromkeys(x.worker for x in self.duties if x.worker is not None))",
        "tuple(dict.fromkeys(x.worker for x in self.duties))",
    ),
    "count one person twice": (
        "routing/rota/roster.py",
        "tuple(dict.fromkeys(x.worker for x in self.duties if x.worker is not None))",
        "tuple(x.worker for x in self.duties if x.worker is not None)",
    ),
    "cut a doubled hour at its second time": (
        "routing/rota/fill.py",
        "instant.starts(day.date(), minute, zone)",
        "instant.ends(day.date(), minute, zone)",
    ),
    "give somebody two slots at once": (
        "routing/rota/fill.py",
        "free = [each for each in order if busy.free(each, during)]",
        "free = order",
    ),
    "read the month first": (
        "routing/typed.py",
        "day, month, year, hour, rest = found.groups()",
        "month, day, year, hour, rest = found.groups()",
    ),
    "import what is right and drop the rest": (
        "routing/rota_service.py",
        "    if problems:\n        raise SheetRefused(problems)",
        "    if False:\n        raise SheetRefused(problems)",
    ),
    "undo half of a swap": (
        "routing/storage/rota.py",
        "for table in (shifts, covers):",
        "for table in (shifts,):",
    ),
    "forget what somebody did before their shift was taken away": (
        "routing/storage/rota.py",
        "return Span(start, end) if end - start >= UNDO_GRACE else None",
        "return None",
    ),
    "keep a revoked calendar": (
        "routing/storage/feeds.py",
        "feeds.c.revoked_at.is_(None) & account & worker",
        "account & worker",
    ),
    "mark people as busy": ("routing/formats/ics.py", '"TRANSPARENT"', '"OPAQUE"'),
    "show work phones to all": (
        "routing/staff/rota.py",
        "if not (me.may(Role.ROTA) or me.may(Role.DIVERT)):",
        "if False:",
    ),
    "keep the names of leavers": (
        "routing/storage/workers.py",
        "    for key in gone:\n        _forget(connection, key, at)\n",
        "",
    ),
}


def survivors(mutants=None, tests=TESTS):
    """Yield (name, whether every test still passes) for each mutant; those of the telephone."""
    for name, (file, old, new) in (mutants or MUTANTS).items():
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "copy")
            ignored = shutil.ignore_patterns(".venv", ".git", "instance", "__pycache__", ".*_cache")
            shutil.copytree(ROOT, copy, ignore=ignored)
            text = (copy / file).read_text("utf-8")
            assert text.count(old) == 1, f"{name}: {file} has not just one {old!r}"
            (copy / file).write_text(text.replace(old, new), "utf-8")
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests],
                cwd=copy,
                env={key: os.environ[key] for key in os.environ if key != "PYTHONPATH"},
                capture_output=True,
                check=False,
            )
            assert done.returncode in (0, 1), done.stdout[-2000:]
            yield name, done.returncode == 0


def broken():
    """Break the code on purpose, and see that a test of its own part says so."""
    found = [*survivors(), *survivors(ROTA_MUTANTS, ROTA_TESTS)]
    return told(found), any(survives for _, survives in found)


def told(found):
    """Return which of the mutants were killed."""
    alive = sum(survives for _, survives in found)
    lines = [
        "The code broken on purpose, so that callers would be dropped, or nobody would see who is",
        "on duty, and the tests of that part run over it:",
        f"{len(found)} mutants, {len(found) - alive} killed.",
        "",
        "| mutant | killed |",
        "|---|---|",
        *(f"| {name} | {'no' if survives else 'yes'} |" for name, survives in found),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    for name, survives in (*survivors(), *survivors(ROTA_MUTANTS, ROTA_TESTS)):
        print("SURVIVES" if survives else "killed  ", name, flush=True)  # noqa: T201
