"""A rota for tests: people, and shifts by a spreadsheet, in the database of an app."""

from routing import lookup, rota_service
from routing.store import rota_people

PEOPLE = ("Amara Owusu", "Siân O’Brien", "Llŷr ap Rhys", "Dev Patel")
PHONES = ("07700 900111", "07700 900222", "07700 900333", "07700 900444")
HEADER = "role,starts,ends,person\n"


def people(app):
    """Put everybody on the rota; return their numbers by name."""
    with app.app_context(), lookup.database().writing() as connection:
        at = lookup.now()
        for name, phone in zip(PEOPLE, PHONES, strict=True):
            rota_people.add(connection, name, phone, at, "terminal:0")
        return {person.name: person.id for person in rota_people.all_people(connection)}


def shifts(app, *rows):
    """Add shifts: ``"eds-social-worker,2026-12-24 17:00,2026-12-25 08:30,Amara Owusu"``."""
    data = (HEADER + "\n".join(rows)).encode()
    with app.app_context():
        plan = rota_service.plan_import(data, add_people=True)
        return rota_service.save_change(plan, "terminal:0")


def christmas(app):
    """Cover Christmas 2026 by night, four people in turn; return the rows."""
    edges = ["12-24 15:30", "12-25 08:30", "12-26 08:30", "12-27 08:30", "12-28 10:00"]
    rows = [
        f"eds-social-worker,2026-{start},2026-{end},{name}"
        for start, end, name in zip(edges, edges[1:], PEOPLE, strict=False)
    ]
    shifts(app, *rows)
    return rows
