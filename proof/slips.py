"""Good files spoilt as people spoil them: what `directory check` and `diff` see of it."""

import random
import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sweep import EXAMPLES

from proof import table
from routing.core.gaps import compare
from routing.directory.load import load
from routing.directory.yaml_source import file_changes
from routing.lint import check
from routing.snapshot import build_snapshot

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
END = AT + timedelta(days=400)
PLACES = 6
"""How many places of a file each kind of slip is tried at."""

MIN_REPORTED = 0.95

PHONE = r"(?<=phone: )\+?\d[\d ]{8,}"
RANGE = r"(?<!\d)(\d\d):(\d\d)-(\d\d):(\d\d)"
DATE = r"(?<=date: |from: )(\d{4})(-\d\d-\d\d)"
DAYS = r"\b(mon|tue|wed|thu|fri)-(tue|wed|thu|fri|sat|sun)(?=:)"
VALUE = r"(?<=phone: ).*|(?<=hours: ).*|^ +[a-z-]+: \d\d:\d\d.*"
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def delete(match):
    return [""]


def at_digits(change):
    """Return a change of a number at each of its digits but the first."""

    def spoil(match):
        number = match[0]
        places = [place for place in range(1, len(number)) if number[place].isdigit()]
        return [number[:n] + change(number[n]) + number[n + 1 :] for n in places]

    return spoil


def swap(match):
    """Swap two digits of a number that stand side by side."""
    number = match[0]
    pairs = [(n, number[n : n + 2]) for n in range(1, len(number) - 1)]
    return [
        number[:n] + pair[::-1] + number[n + 2 :]
        for n, pair in pairs
        if pair.isdigit() and pair[0] != pair[1]
    ]


def clock(hour, minute):
    return f"{hour:02}:{minute}"


def by_day(least, most, change):
    """Return a change of day hours that open from ``least`` on and close before ``most``."""

    def spoil(match):
        opens, closes = int(match[1]), int(match[3])
        is_by_day = least <= opens < 12 < closes < most
        return [change(opens, closes, match)] if is_by_day else []

    return spoil


def other_half(opens, closes, match):
    """Write the close of day hours 12 hours early, as 05:00 for 17:00."""
    return f"{match[1]}:{match[2]}-{clock(closes - 12, match[4])}"


def evening(opens, closes, match):
    """Write the opening of day hours 12 hours late, as 21:00 for 09:00."""
    return f"{clock(opens + 12, match[2])}-{match[3]}:{match[4]}"


def swapped(opens, closes, match):
    return f"{match[3]}:{match[4]}-{match[1]}:{match[2]}"


def afternoon(opens, closes, match):
    """Write day hours with a break, and the afternoon by a clock of 12 hours."""
    return f"{match[1]}:{match[2]}-12:30, 01:30-{clock(closes - 12, match[4])}"


def day_missed(match):
    """Leave out the last day of a range of days, as mon-wed for mon-thu."""
    first, last = NAMES.index(match[1]), NAMES.index(match[2])
    return [] if last - first < 2 or last > 4 else [f"{match[1]}-{NAMES[last - 1]}"]


def overlapping(match):
    """Write a second range that begins before the first one ends."""
    opens, closes = int(match[1]), int(match[3])
    if not opens + 2 < closes < 22:
        return []
    return [f"{match[0]}, {clock(closes - 1, match[4])}-{clock(closes + 1, match[4])}"]


def another_year(match):
    return [f"{int(match[1]) + random.Random(match.start()).choice((-1, 3, 10))}{match[2]}"]


def half_an_hour(match):
    if match[2] not in ("00", "30") or int(match[1]) >= int(match[3]):
        return []
    return [f"{match[1]}:{'30' if match[2] == '00' else '00'}-{match[3]}:{match[4]}"]


def look_alike(written, meant):
    return (VALUE, lambda m: [m[0].replace(meant, written, 1)] if meant in m[0] else [])


SEEN = {
    "a digit of a number dropped": (PHONE, at_digits(lambda digit: "")),
    "a digit of a number added": (PHONE, at_digits(lambda digit: digit * 2)),
    "5am for 5pm": (RANGE, by_day(0, 24, other_half)),
    "9pm for 9am": (RANGE, by_day(5, 24, evening)),
    "17:00-09:00 for 09:00-17:00": (RANGE, by_day(5, 24, swapped)),
    "01:30-05:00 for an afternoon": (RANGE, by_day(0, 17, afternoon)),
    "the last of a range of days missed": (DAYS, day_missed),
    "a line of the week deleted": (
        r"^ +(mon|tue|wed|thu|fri|bank-holiday)[a-z,-]*: .*\n",
        delete,
    ),
    "a special day of another year": (DATE, another_year),
    "ranges that overlap": (RANGE, overlapping),
    "a key deleted": (r"^ +(phone|hours|name|lines|out_of_hours|division): \S.*\n", delete),
    "a key mistyped": (
        r"(?<=^    )(phone|hours|lines|out_of_hours|special_days)(?=:)",
        lambda m: [m[0][:-1]],
    ),
    "a line indented too little or too much": (
        r"^ +(?=[a-z_,-]+: )",
        lambda m: [m[0] + random.Random(m.start()).choice((" ", "  "))],
    ),
    "a dash of a list lost": (r"(?<=^      )- (?=[a-z]+: )", delete),
    "a quotation mark, brace or bracket not closed": (r"(?<=\w)[\"}\]]$", delete),
    "a long dash for a hyphen": look_alike("\u2013", "-"),
    "a no-break space": look_alike("\u00a0", " "),
    "the letter O for 0": look_alike("O", "0"),
    "the letter l for 1": look_alike("l", "1"),
    "a full-width colon": look_alike("\uff1a", ":"),
    "a spreadsheet drops the first 0": (r"(?<=phone: )0(?=\d)", delete),
    "a spreadsheet writes 1.63E+09": (
        r"(?<=phone: )0(\d) ?(\d)(\d)[\d ]+",
        lambda m: [f"{m[1]}.{m[2]}{m[3]}E+09"],
    ),
    "a date as 24/12/2026": (
        r"(?<=date: )(\d{4})-(\d\d)-(\d\d)",
        lambda m: [f"{m[3]}/{m[2]}/{m[1]}"],
    ),
    "9:00 for 09:00": (r"(?<= )0(?=\d:\d\d-)", delete),
    "9.00 for 09:00": (RANGE, lambda m: [f"{m[1]}.{m[2]}-{m[3]}.{m[4]}"]),
    "a line named that is not there": (r"(?<=out_of_hours: )[a-z-]+", lambda m: [f"{m[0]}s"]),
}
"""Kinds of slip that a check can see, by name: where each is made, and what may be written there
instead.
"""

UNSEEN = {
    "two digits of a number swapped": (PHONE, swap),
    "a digit of a number changed": (PHONE, at_digits(lambda digit: str(9 - int(digit)))),
    "half an hour off": (RANGE, half_an_hour),
    "a special day deleted": (r"^ +- (date|from|every): .*\n(?: {8,}\S.*\n)*", delete),
    "an option of a menu changed": (
        r"(?<=options: press )\d",
        lambda m: [str(9 - int(m[0]))],
    ),
}
"""Kinds that no check can see, for both files may be right: `diff` shows them."""


def spoil(text, pattern, changes):
    """Yield ``text`` with each match of ``pattern`` outside of remarks changed in each way."""
    for match in re.finditer(pattern, text, re.M):
        if "#" not in text[text.rfind("\n", 0, match.start()) : match.start()]:
            for new in changes(match):
                yield text[: match.start()] + new + text[match.end() :]


@dataclass
class Tally:
    """What came of one kind of slip: counts by outcome, and examples of what `check` missed."""

    counts: Counter = field(default_factory=Counter)
    missed: list = field(default_factory=list)


def tally(kinds, files=EXAMPLES, seed=1):
    """Spoil every file with every kind of slip; return a Tally by kind.

    Outcomes: ``crashed``; ``refused`` with words, so that callers hear nothing of it; ``reported``
    and ``unreported``, which change an answer within 400 days; ``same``. ``not in diff`` counts
    those of them that ``diff`` does not show either.
    """
    tallies = {name: Tally() for name in kinds}
    with tempfile.TemporaryDirectory() as name:
        folder, file = Path(name), Path(name, "spoilt.yaml")
        for example in files:
            text = example.read_text("utf-8")
            usual = Counter(problem.message for problem in check(example, folder, AT)[0])
            good = build_snapshot(load(example)[0], folder, AT)
            for kind, slip_of_kind in kinds.items():
                spoilt = list(spoil(text, *slip_of_kind))
                for slip in random.Random(seed).sample(spoilt, min(PLACES, len(spoilt))):
                    file.write_text(slip, "utf-8")
                    outcome = _outcome(file, folder, good, usual)
                    tallies[kind].counts[outcome] += 1
                    if outcome == "unreported":
                        tallies[kind].missed.append(f"{example.stem}: {_changed_line(text, slip)}")
                        edits = file_changes(load(example)[1], load(file)[1])
                        tallies[kind].counts["not in diff"] += not edits
    return tallies


def _outcome(file, folder, good, usual):
    try:
        problems, directory = check(file, folder, AT)
    except Exception:
        return "crashed"
    if directory is None:
        return "refused"
    messages = Counter(problem.message for problem in problems) - usual
    spoilt = build_snapshot(directory, folder, AT)
    services = {*good.timetables.services, *spoilt.timetables.services}
    tables = good.timetables, spoilt.timetables
    if not any(next(compare(*tables, service, AT, END), None) for service in services):
        return "same"
    return "reported" if messages else "unreported"


def _changed_line(text, slip):
    """Return the first line that a slip changed, before and after."""
    lines = zip(text.splitlines(), slip.splitlines(), strict=False)
    before, after = next((a, b) for a, b in lines if a != b)
    return f"`{before.strip()}` became `{after.strip()}`"


def outcomes(tallies):
    """Return a table of the outcomes of each kind."""
    names = ("refused", "reported", "unreported", "same")
    heads = ("slip", "refused", "changes an answer, reported", "changes one, not reported")
    rows = ((kind, *(kinds.counts[name] for name in names)) for kind, kinds in tallies.items())
    return table((*heads, "no change"), rows)


def prove_slips():
    """Return the text of this part, and whether too many slips went unreported."""
    seen, unseen = tally(SEEN), tally(UNSEEN)
    counts = sum((tally.counts for tally in seen.values()), Counter())
    shown = sum((tally.counts for tally in (*seen.values(), *unseen.values())), Counter())
    caught = counts["refused"] + counts["reported"]
    share = caught / (caught + counts["unreported"])
    changing = counts["reported"] / (counts["reported"] + counts["unreported"])
    missed = [line for tally in seen.values() for line in tally.missed]
    lines = [
        outcomes(seen),
        "",
        f"`check` sees {share:.1%} of what is refused or would change an answer (at least",
        f"{MIN_REPORTED:.0%}), and {changing:.1%} of what loads and changes an answer.",
        f"Crashes: {shown['crashed']}. Not reported, for both files may be right:",
        "",
        *(f"- {line}" for line in missed[:20]),
        "",
        outcomes(unseen),
        "",
        f"Of everything that `check` does not report, `diff` leaves out {shown['not in diff']}.",
    ]
    is_wrong = share < MIN_REPORTED or shown["crashed"] or shown["not in diff"]
    return "\n".join(lines), bool(is_wrong)
