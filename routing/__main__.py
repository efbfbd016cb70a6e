"""The command ``who-to-call``, also as ``python -m routing``: every command, none of Flask's."""

import click
from flask import Flask
from flask.cli import ScriptInfo

from routing import cli, config, create_app
from routing.errors import InvalidSetting


def main() -> None:
    """Run the command line. An app is built for a command, not for its help."""
    commands = cli.all_commands()
    commands.help = "Say who takes a council's calls, and look after the service that answers."
    version = click.version_option(config.VERSION, message="%(prog)s %(version)s")
    version(commands)(prog_name="who-to-call", obj=ScriptInfo(create_app=_create_app))


def _create_app() -> Flask:
    try:
        return create_app()
    except InvalidSetting as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
