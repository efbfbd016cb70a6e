"""Directories made at random: ragged hours, special days of every kind, moved holidays, 101."""

from datetime import date, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DIVISIONS = ("england-and-wales", "scotland", "northern-ireland")
FIRST = date(2026, 10, 1)


def clock(draw):
    return f"{draw.randrange(24):02}:{draw.choice((0, 0, 15, 30, 45)):02}"


def day_hours(draw):
    if draw.random() < 0.15:
        return draw.choice(("closed", "always"))
    closes = (*(clock(draw) for _ in range(4)), "24:00")
    return ", ".join(f"{clock(draw)}-{draw.choice(closes)}" for _ in range(draw.choice((1, 1, 2))))


def week(draw):
    """Write a week's hours; some days are not named, and bank holidays not always."""
    if draw.random() < 0.1:
        return "always"
    first, cut = draw.randrange(7), draw.randrange(1, 7)
    days = DAYS[first:] + DAYS[:first]
    hours = {f"{days[0]}-{days[cut - 1]}": day_hours(draw)}
    if draw.random() < 0.6:
        hours[",".join(days[cut::2])] = day_hours(draw)
    if draw.random() < 0.6:
        hours["bank-holiday"] = day_hours(draw)
    return "{" + ", ".join(f'"{key}": "{value}"' for key, value in hours.items()) + "}"


def number(draw):
    return f"{draw.choice(('01632 ', '01632 ', '01632', '+44 1632 '))}9600{draw.randrange(10, 14)}"


def repetition(draw):
    """Write an ``every``: of each year, of each month, or in weeks from a date."""
    ordinal = draw.choice(("first", "second", "third", "fourth", "last"))
    weekday = draw.choice(("Monday", "Wednesday", "Friday", "Sunday"))
    yearly = draw.choice(("24 December", "31 October", "29 February", "1 January"))
    every = draw.choice((yearly, f"{ordinal} {weekday}", f"{draw.randrange(1, 4)} weeks"))
    first, last = FIRST + timedelta(days=draw.randrange(60)), FIRST + timedelta(days=90)
    limits = {"from": first} if "weeks" in every or draw.random() < 0.3 else {}
    return {"every": every} | limits | ({"to": last} if draw.random() < 0.3 else {})


def special_day(draw):
    day = FIRST + timedelta(days=draw.randrange(120))
    dates = draw.choice(
        (
            {"date": day},
            {"date": day},
            {"from": day, "to": day + timedelta(days=draw.randrange(6))},
            {"from": day, "to": day + timedelta(days=draw.randrange(40))},
            {"from": day},
            repetition(draw),
        )
    )
    parts = dict(dates)
    if draw.random() < 0.7:
        is_run = "from" in parts and "every" not in parts
        own_week = week(draw) if is_run and draw.random() < 0.5 else "always"
        parts["hours"] = f'"{day_hours(draw)}"' if own_week == "always" else own_week
    if draw.random() < 0.5:
        parts["phone"] = number(draw)
    return "{name: Special, " + ", ".join(f"{key}: {value}" for key, value in parts.items()) + "}"


def line(draw, name, phone):
    special = ", ".join(special_day(draw) for _ in range(draw.randrange(4)))
    more = {
        "called": f"our {name}",
        "options": draw.choice(("press 1", "press 2")),
        "send_digits": "ww1",
        "also": "[{kind: text, phone: 60066}, {kind: bsl, url: https://bsl.example}]",
    }
    chosen = "".join(f", {key}: {more[key]}" for key in more if draw.random() < 0.25)
    return (
        f"  {name}: {{name: {draw.choice((name, name, name.upper()))}, phone: {phone}{chosen}, "
        f"hours: {week(draw)}, special_days: [{special}]}}"
    )


def service(draw, name, rung):
    lines = draw.sample(("a", "b", "c"), draw.randrange(1, 3))
    tried = draw.sample(rung, draw.randrange(len(rung)))
    ends = f", number: {number(draw)}" if draw.random() < 0.3 else ""
    return (
        f"  {name}: {{name: {name}, lines: [{', '.join(lines)}], out_of_hours: d, "
        f"if_unanswered: [{', '.join(tried)}]{ends}}}"
    )


def directory(draw):
    """Return the text of a directory, by a ``random.Random``."""
    added = FIRST + timedelta(days=draw.randrange(120))
    services = draw.choice((("s",), ("s",), ("s", "t"), ("t",)))
    night = draw.choice((number(draw),) * 4 + ("101", "999"))
    rung = "abcd" if len(night) > 3 else "abc"
    return "\n".join(
        [
            "council: {name: Generated, website: https://www.example.org}",
            "zone: Europe/London",
            "languages: [en]",
            "emergency: Call 999.",
            f"bank_holidays: {{division: {draw.choice(DIVISIONS)}, "
            f"add: {{{added}: Proclaimed}}, remove: [2026-12-25]}}",
            "lines:",
            *(line(draw, name, number(draw)) for name in "abc"),
            line(draw, "d", night),
            "services:",
            *(service(draw, name, rung) for name in services),
            "",
        ]
    )
