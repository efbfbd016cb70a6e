"""The command line."""

from flask.cli import AppGroup

from routing.cli import (
    alerts,
    bank_holidays,
    directory,
    divert,
    maintenance,
    rota,
    staff,
    status,
    telephony,
)


def all_commands() -> AppGroup:
    """Return a group of every command."""
    commands = AppGroup()
    for command in (
        status.who,
        status.status,
        directory.group,
        bank_holidays.group,
        divert.group,
        rota.group,
        telephony.calls_group,
        telephony.twilio_group,
        alerts.group,
        staff.group,
        maintenance.timers,
        maintenance.purge,
        maintenance.release,
        maintenance.db_group,
    ):
        commands.add_command(command)
    return commands
