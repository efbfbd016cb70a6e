"""The third door: the command line. Words that a duty manager understands."""

from flask.cli import AppGroup

from routing.cli import (
    alerts,
    bank_holidays,
    calls,
    db,
    directory,
    divert,
    purge,
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
    for each in (purge.purge, rota.group, calls.group, alerts.group, twilio.group, staff.group):
        found.add_command(each)
    found.add_command(db.group)
    return found
