"""Directories of any size, as a council might write them: a day line and a night line a service."""

HEAD = """\
council: {name: Anyshire County Council, website: https://www.anyshire.example}
zone: Europe/London
languages: [en]
emergency: If a child is in immediate danger, call 999.
bank_holidays: {division: england-and-wales}
"""
OPENS = ("08:00", "08:30", "08:45", "09:00")
CLOSES = ("16:30", "17:00", "17:15", "17:30", "18:00")
EVES = ("12:00", "13:00", "15:00", "15:30")


def directory(services, roles=0):
    """Return the text of a directory of so many services, each with two lines of its own, and of so
    many roles of a rota: half by day, half by night.
    """
    lines, service_lines = [], []
    for number in range(services):
        lines += _lines(number)
        service_lines.append(
            f"  s{number}: {{name: Worried about a child in district {number}, "
            f"lines: [day-{number}], out_of_hours: night-{number}, "
            f"if_unanswered: [night-{number}, day-{number}]}}"
        )
    rota = [
        f"  role-{number}: {{name: Post {number}, needed_when: {_needed(number, services)}}}"
        for number in range(roles)
    ]
    return "\n".join(
        [
            HEAD + "lines:",
            *lines,
            "services:",
            *service_lines,
            *(["rota:", *rota] if rota else []),
            "",
        ]
    )


def _needed(number, services):
    day, of = number % 2 == 0, number // 2 % services
    return f"{{line: day-{of}}}" if day else f"{{out_of_hours_of: s{of}}}"


def _lines(number):
    opens, closes = OPENS[number % len(OPENS)], CLOSES[number % len(CLOSES)]
    friday, eve = CLOSES[number % 3], EVES[number % len(EVES)]
    training = f"2027-02-{number % 28 + 1:02}"
    verified = (
        f"verified: {{on: 2026-11-01, source: https://www.anyshire.example/{number}, days: 365}}"
    )
    return [
        f"  day-{number}:",
        f"    name: Safeguarding hub of district {number}",
        f"    phone: 01632 960{number % 500:03}",
        f"    email: hub-{number}@anyshire.example",
        f"    hours: {{mon-thu: {opens}-{closes}, fri: {opens}-{friday}, bank-holiday: closed}}",
        "    special_days:",
        f"      - {{date: 2026-12-24, name: Christmas Eve, hours: {opens}-{eve}}}",
        "      - {from: 2026-12-29, to: 2026-12-31, name: Festive number, phone: 01632 960999}",
        f"      - {{date: {training}, name: Staff training, hours: closed}}",
        f"    {verified}",
        f"  night-{number}:",
        f"    name: Emergency Duty Team of district {number}",
        f"    phone: 01632 960{number % 499 + 500:03}",
        f"    hours: {{mon-thu: {closes}-{opens}, fri: {friday}-{opens}, "
        f"sat-sun: {opens}-{opens}, bank-holiday: {opens}-{opens}}}",
        "    special_days:",
        f"      - {{date: 2026-12-24, name: Christmas Eve, hours: {eve}-{opens}}}",
        f"      - {{date: {training}, name: Staff training, hours: {opens}-{opens}}}",
        f"    {verified}",
    ]
