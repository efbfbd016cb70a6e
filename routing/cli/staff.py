"""flask staff ...: local accounts, for a council without an identity provider."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from routing import lookup
from routing.cli.common import actor, report_errors
from routing.store import accounts
from routing.store.accounts import LOCAL, Role

group = AppGroup("staff", help="Accounts of this service's own, and their roles.")

from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")


@group.command("add")
@click.argument("name")
@click.option("--role", "granted", required=True, metavar="R,R", help="view, rota, divert, admin.")
@from_stdin
def add(name: str, granted: str, password_stdin: bool) -> None:
    """Make an account. NAME is what its owner types to sign in, and what colleagues see."""
    words = [word.strip() for word in granted.split(",")]
    roles = accounts.parse_roles(words)
    if len(roles) != len(set(words)):
        known = ", ".join(role.value for role in Role)
        raise click.UsageError(
            f"--role {granted}: the roles are {known}. Write --role view,divert."
        )
    with report_errors(), lookup.database().writing() as connection:
        accounts.ensure_name_free(connection, name)
    password = _password(password_stdin)
    with report_errors(), lookup.database().writing() as connection:
        accounts.add(connection, name, roles, password, lookup.now(), actor())
    click.echo(f"{name} may sign in at /staff, with {granted}.")
    if current_app.config["OIDC_ISSUER"]:
        click.echo("Not while OIDC_ISSUER is set: then people sign in with the council's provider.")


@group.command("password")
@click.argument("name")
@from_stdin
def password(name: str, password_stdin: bool) -> None:
    """Give a local account another password. Its sessions and calendars end."""
    new = _password(password_stdin)
    with report_errors(), lookup.database().writing() as connection:
        accounts.set_password(connection, name, new, lookup.now(), actor())
    click.echo(
        f"{name} has another password and is signed out everywhere. Their calendars have ended."
    )


@group.command("list")
def listed() -> None:
    """List accounts: number, name, roles, and `local` or the provider that vouches for them."""
    with report_errors(), lookup.database().reading() as connection:
        everybody = accounts.active_accounts(connection)
    for person in everybody:
        granted = ",".join(sorted(person.roles)) or "no role"
        click.echo(f"{person.id:>4}  {person.name}  {granted}  {person.issuer}")
    if not everybody:
        click.echo("There are no accounts. Make the first: flask staff add NAME --role admin")


@group.command("remove")
@click.argument("account", metavar="NAME|NUMBER")
def remove(account: str) -> None:
    """Remove an account, by its name or its number in `flask staff list`.

    Its sessions and calendars end at once; what it did stays in the record. Whoever still has a
    role at the council's provider can sign in again, with a new account: take it away there too.
    """
    with report_errors(), lookup.database().writing() as connection:
        removed = accounts.remove(connection, account, lookup.now(), actor())
    click.echo(
        f"{removed.name} (account {removed.id}) is removed and signed out everywhere. Their "
        "calendars have ended."
    )
    if removed.issuer != LOCAL:
        click.echo(
            f"They can sign in again while {removed.issuer} gives them a role: take it away there."
        )


def _password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed
