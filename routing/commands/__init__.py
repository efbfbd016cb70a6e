"""The third door: the command line. Words that a duty manager understands."""

from flask import Flask

from routing.commands import (
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


def init_app(app: Flask) -> None:
    """Register every command on ``app``."""
    app.cli.add_command(who.who)
    app.cli.add_command(status.status)
    app.cli.add_command(purge.purge)
    directory.group.add_command(reports.tell_gaps)
    directory.group.add_command(reports.diff)
    app.cli.add_command(directory.group)
    app.cli.add_command(bank_holidays.group)
    app.cli.add_command(divert.group)
    app.cli.add_command(rota.group)
    app.cli.add_command(calls.group)
    app.cli.add_command(twilio.group)
    app.cli.add_command(staff.group)
    app.cli.add_command(db.group)
