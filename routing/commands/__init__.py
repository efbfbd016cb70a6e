"""The third door: the command line. Words that a duty manager understands."""

from flask.cli import AppGroup

from routing.commands import (
    bank_holidays,
    calls,
    db,
    directory,
    divert,
    reports,
    rota,
    staff,
    status,
    twilio,
    who,
)


def every() -> AppGroup:
    """Return every command."""
    directory.group.add_command(reports.tell_gaps)
    directory.group.add_command(reports.diff)
    found = AppGroup()
    for each in (who.who, status.status, directory.group, bank_holidays.group, divert.group):
        found.add_command(each)
    for each in (rota.group, calls.group, twilio.group, staff.group, db.group):
        found.add_command(each)
    return found
