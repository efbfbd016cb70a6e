"""who-to-call staff: local accounts, for councils without an identity provider."""

import sys

import click

from routing import lookup
from routing.cli.common import CommandGroup, actor, format_option, print_report
from routing.store import accounts
from routing.store.accounts import LOCAL, Role

group = CommandGroup("staff", help="Accounts and their roles.")

password_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@group.command("add")
@click.argument("name")
@click.option(
    "--role", "role_names", required=True, metavar="R,R", help="view, rota, divert or admin."
)
@password_option
def add(name: str, role_names: str, password_stdin: bool) -> None:
    """Create a local account. NAME is what they sign in with and what colleagues see.

    While OIDC_ISSUER is set, only council accounts can sign in.
    """
    names = [role_name.strip() for role_name in role_names.split(",")]
    roles = accounts.parse_roles(names)
    if len(roles) != len(set(names)):
        known = ", ".join(role.value for role in Role)
        raise click.UsageError(
            f"--role {role_names}: the roles are {known}. Write --role view,divert."
        )
    password = _read_password(password_stdin)
    with lookup.database().writing() as connection:
        accounts.add(connection, name, roles, password, lookup.now(), actor())
    click.echo(f"{name} can sign in at /staff with the roles {role_names}.")


@group.command("password")
@click.argument("name", metavar="NAME|NUMBER")
@password_option
def password(name: str, password_stdin: bool) -> None:
    """Change the password of a local account. This ends its sessions and calendars."""
    new_password = _read_password(password_stdin)
    with lookup.database().writing() as connection:
        account = accounts.get(connection, name)
        accounts.set_password(connection, account, new_password, lookup.now(), actor())
    click.echo(
        f"{name} has a new password and is signed out everywhere. Their calendars have ended."
    )


@group.command("list")
@format_option
def list_accounts(as_json: bool) -> None:
    """List accounts and their roles.

    Each row has the account's number, name and roles, then `local` or its identity provider.
    """
    with lookup.database().reading() as connection:
        active_accounts = accounts.active_accounts(connection)
    print_report(
        as_json,
        [
            {
                "id": account.id,
                "name": account.name,
                "roles": sorted(account.roles),
                "issuer": account.issuer,
            }
            for account in active_accounts
        ],
        [
            f"{account.id:>4}  {account.name}  {','.join(sorted(account.roles)) or 'no role'}  "
            f"{account.issuer}"
            for account in active_accounts
        ]
        or ["There are no accounts. Create one: who-to-call staff add NAME --role admin"],
    )


@group.command("remove")
@click.argument("account", metavar="NAME|NUMBER")
def remove(account: str) -> None:
    """Remove an account, by its name or by its number in `who-to-call staff list`.

    This ends its sessions and calendars. The audit log keeps what the account did. Somebody with a
    council account can sign in again until they lose their role there.
    """
    with lookup.database().writing() as connection:
        removed = accounts.get(connection, account)
        accounts.remove(connection, removed, lookup.now(), actor())
    click.echo(
        f"{removed.name} (account {removed.id}) is removed and signed out everywhere. Their "
        "calendars have ended."
    )
    if removed.issuer != LOCAL:
        click.echo(
            f"They can sign in again until {removed.issuer} no longer gives them a role. Remove it "
            "there too."
        )


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed
