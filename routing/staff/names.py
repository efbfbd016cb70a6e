"""What staff pages call the actors and actions of the audit log."""

from collections.abc import Callable

from sqlalchemy.engine import Connection

from routing.store import accounts, rota_people
from routing.store.audit_log import SERVICE_ACTOR

ACTION_LABELS = {
    "divert.set": "Divert set",
    "divert.changed": "Divert given another end",
    "divert.ended": "Divert ended early",
    "account.added": "Account added",
    "account.changed": "Roles changed",
    "account.password_changed": "Password changed",
    "account.removed": "Account removed",
    "account.signed_out": "Signed out everywhere",
    "account.link_created": "Link for a new password made",
    "setup.not_needed": "Step of setting up not needed",
    "setup.needed": "Step of setting up needed",
    "directory.read": "Directory read",
    "bank_holidays.refreshed": "Bank holidays refreshed",
    "calls.purged": "Old calls deleted",
    "notes.purged": "Old notes emptied",
    "rota.added": "Shift added",
    "rota.covered": "Cover set",
    "rota.absence": "Absence covered or left open",
    "rota.swapped": "Shifts swapped",
    "rota.removed": "Shift removed",
    "rota.uncovered": "Cover removed",
    "rota.filled": "Rota filled",
    "rota.imported": "Shifts imported",
    "rota.replaced": "Period of the rota replaced by a spreadsheet",
    "rota.left": "Shifts of somebody who left given up",
    "rota.undone": "Change of the rota undone",
    "rota.purged": "Old names of the rota forgotten",
    "rota_person.added": "Person put on the rota",
    "rota_person.changed": "Person on the rota changed",
    "rota_person.left": "Person taken off the rota",
    "calendar.created": "Calendar created",
    "calendar.revoked": "Calendar revoked",
}


def actor_names(connection: Connection) -> Callable[[str], str]:
    """Return a function from an actor of the audit log to a name, for people who have signed in."""
    people = rota_people.all_people(connection)
    names = {
        SERVICE_ACTOR: "The service itself",
        accounts.PROVIDER_ACTOR: "The council's sign-in",
        **{account.actor: account.name for account in accounts.all_accounts(connection)},
        **{f"rota_person:{person.id}": person.name for person in people},
    }

    def name(actor: str) -> str:
        kind, _, number = actor.partition(":")
        if kind == "terminal":
            return f"Somebody at the server (user {number})"
        return names.get(actor, actor)

    return name


def rota_action_label(kind: str) -> str:
    """Return what a kind of rota change is called: "Rota filled"."""
    return ACTION_LABELS.get(f"rota.{kind}", kind)
