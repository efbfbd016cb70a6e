"""Directories made at random: ragged hours, special days, numbers for a while, moved holidays."""

from datetime import date, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST = date(2026, 10, 1)


def clock(draw):
    return f"{draw.randrange(24):02}:{draw.choice((0, 0, 15, 30, 45)):02}"


def day_hours(draw):
    if draw.random() < 0.15:
        return draw.choice(("closed", "always"))
    return ", ".join(f"{clock(draw)}-{clock(draw)}" for _ in range(draw.choice((1, 1, 2))))


def week(draw):
    """Write a week's hours; some days are not named, and bank holidays not always."""
    if draw.random() < 0.1:
        return "always"
    first = draw.randrange(5)
    hours = {f"{DAYS[first]}-{DAYS[draw.randrange(first, 7)]}": day_hours(draw)}
    if draw.random() < 0.6:
        hours["bank-holiday"] = day_hours(draw)
    return "{" + ", ".join(f'{key}: "{value}"' for key, value in hours.items()) + "}"


def number(draw):
    return f"01632 9600{draw.randrange(10, 14)}"


def special_day(draw):
    day = FIRST + timedelta(days=draw.randrange(120))
    run = {"from": day, "to": day + timedelta(days=draw.randrange(6))}
    parts = {"date": day} if draw.random() < 0.5 else run
    if draw.random() < 0.7:
        parts["hours"] = f'"{day_hours(draw)}"'
    if draw.random() < 0.5:
        parts["phone"] = number(draw)
    return "{name: Special, " + ", ".join(f"{key}: {value}" for key, value in parts.items()) + "}"


def line(draw, name):
    special = ", ".join(special_day(draw) for _ in range(draw.randrange(4)))
    return (
        f"  {name}: {{name: {name}, phone: {number(draw)}, hours: {week(draw)}, "
        f"special_days: [{special}]}}"
    )


def service(draw, name):
    lines = draw.sample(("a", "b", "c"), draw.randrange(1, 3))
    tried = draw.sample(("a", "b", "c", "d"), draw.randrange(4))
    ends = f", number: {number(draw)}" if draw.random() < 0.3 else ""
    return (
        f"  {name}: {{name: {name}, lines: [{', '.join(lines)}], out_of_hours: d, "
        f"if_unanswered: [{', '.join(tried)}]{ends}}}"
    )


def directory(draw):
    """Return the text of a directory, by a ``random.Random``."""
    added = FIRST + timedelta(days=draw.randrange(120))
    services = draw.choice((("s",), ("s",), ("s", "t"), ("t",)))
    return "\n".join(
        [
            "council: {name: Generated, website: https://www.example.org}",
            "zone: Europe/London",
            "languages: [en]",
            "emergency: Call 999.",
            f"bank_holidays: {{division: {draw.choice(('england-and-wales', 'scotland'))}, "
            f"add: {{{added}: Proclaimed}}, remove: [2026-12-25]}}",
            "lines:",
            *(line(draw, name) for name in "abcd"),
            "services:",
            *(service(draw, name) for name in services),
            "",
        ]
    )
