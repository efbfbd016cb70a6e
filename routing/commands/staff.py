"""flask staff ...: local accounts, for a council without an identity provider."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from routing import enquiry
from routing.commands.terminal import actor, in_words
from routing.storage import accounts
from routing.storage.accounts import LOCAL, Role

group = AppGroup("staff", help="Accounts of this service's own, and their roles.")

from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")


@group.command("add")
@click.argument("name")
@click.option("--role", "granted", required=True, metavar="R,R", help="view, rota, divert, admin.")
@from_stdin
def add(name: str, granted: str, password_stdin: bool) -> None:
    """Make an account. NAME is what its owner types to sign in, and what colleagues see."""
    words = [word.strip() for word in granted.split(",")]
    found = accounts.roles(words)
    if len(found) != len(set(words)):
        known = ", ".join(role.value for role in Role)
        raise click.UsageError(
            f"--role {granted}: the roles are {known}. Write --role view,divert."
        )
    with in_words(), enquiry.database().writing() as connection:
        accounts.free(connection, name)
    password = _password(password_stdin)
    with in_words(), enquiry.database().writing() as connection:
        accounts.add(connection, name, found, password, enquiry.now(), actor())
    click.echo(f"{name} may sign in at /staff, with {granted}.")
    if current_app.config["OIDC_ISSUER"]:
        click.echo("Not while OIDC_ISSUER is set: then people sign in with the council's provider.")


@group.command("password")
@click.argument("name")
@from_stdin
def password(name: str, password_stdin: bool) -> None:
    """Give an account another password. Whoever is signed in with it is signed out."""
    new = _password(password_stdin)
    with in_words(), enquiry.database().writing() as connection:
        accounts.give_password(connection, name, new, enquiry.now(), actor())
    click.echo(f"{name} has another password, and is signed out everywhere.")


@group.command("list")
def listed() -> None:
    """Tell who may sign in, or has signed in with the council's provider, with which roles."""
    with in_words(), enquiry.database().reading() as connection:
        found = [each for each in accounts.everyone(connection) if each.roles]
    for each in found:
        where = "local" if each.issuer == LOCAL else each.issuer
        click.echo(f"{each.id:>4}  {each.name}  {','.join(sorted(each.roles))}  {where}")
    if not found:
        click.echo("There are no accounts. Make the first: flask staff add NAME --role admin")


@group.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """End a local account. Whoever is signed in with it is signed out; its past is kept."""
    with in_words(), enquiry.database().writing() as connection:
        accounts.remove(connection, name, enquiry.now(), actor())
    click.echo(f"{name} is removed, and signed out everywhere.")


def _password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    found: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return found
