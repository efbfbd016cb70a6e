"""Nobody's name, and no work phone, in any answer without sign-in: every address is searched."""

import logging
import re
import shutil
from urllib.parse import unquote

import pytest
import rostered
from conftest import ANYSHIRE
from telephone import BASE, TOKEN, sign

from routing import enquiry
from routing.rota.planning import NewCover
from routing.storage import accounts, feeds, rota
from routing.storage.accounts import Role
from routing.storage.diverts import Wanted, put

NOTES = ("Called in at three", "Phones down upstairs")
ACCOUNT = "Priya Shah"
WORDS = [part for name in (*rostered.PEOPLE, ACCOUNT) for part in name.split() if len(part) > 3]


def forms(phone):
    digits = phone.replace(" ", "")
    return phone, digits, "+44" + digits[1:], "44" + digits[1:]


SECRETS = [*WORDS, *NOTES]
SECRETS += [each for phone in rostered.PHONES for each in forms(phone)]


@pytest.fixture
def app(make_app, made, tmp_path, clock):
    """A service in which everything that can be known of people is known."""
    clock.set("2026-12-24T20:30:00Z")
    text = ANYSHIRE.read_text("utf-8").replace("languages: [en]", "languages: [en, cy]")
    (tmp_path / "directory.yaml").write_text(text)
    (tmp_path / "instance").mkdir()
    shutil.copy(made, tmp_path / "instance" / made.name)
    settings = {"OPS_TOKEN": "ops", "TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": BASE}
    app = make_app(tmp_path / "directory.yaml", **settings)
    rostered.people(app)
    rostered.christmas(app)
    with app.app_context(), enquiry.database().writing() as connection:
        at = enquiry.now()
        roles = frozenset([Role.ADMIN])
        person = accounts.add(connection, ACCOUNT, roles, "correct horse", at, "terminal:0")
        shift, _ = rota.get(connection, 1)
        cover = NewCover(1, None, shift.during, NOTES[0])
        rota.add(connection, "covered", [cover], at, person.actor)
        divert = Wanted("children", "duty-manager", shift.during, NOTES[1])
        put(connection, [divert], at, person.actor)
        feeds.make(connection, None, None, person.id, at, person.actor)
    return app


def addresses(app):
    """Yield every address that is answered without sign-in, with everything that fits in it."""
    with app.app_context():
        services = [*enquiry.facts().timetables.services, "nope"]
    fitting = {
        "service": services,
        "filename": ["../staff", "site.css"],
        "address": ["staff.x.css", "nope"],
        "token": ["x" * 43],
        "step": ["1", "screen", "nope"],
        **{key: ["1"] for key in ("divert_id", "shift_id", "batch_id", "worker_id", "feed_id")},
    }
    for rule in app.url_map.iter_rules():
        paths = [rule.rule]
        for name in rule.arguments:
            part = re.compile(rf"<(?:\w+:)?{name}>")
            paths = [part.sub(each, path) for path in paths for each in fitting[name]]
        for path in paths:
            for method in rule.methods:
                yield method, path
    yield "GET", "/nope"
    yield "GET", "/api/v1/nope"


def test_no_answer_without_sign_in_has_anybodys_name_or_phone(app, caplog):
    client, answered, found = app.test_client(), 0, []
    caplog.set_level(logging.INFO)
    for method, path in {*addresses(app)}:
        for query in ("", "?at=2026-12-24T21:00:00Z&from=2026-12-24T00:00:00Z&lang=cy"):
            form = {"CallSid": "CA1", "From": "+447700900999", "To": "+441632960100"}
            headers = {"X-Twilio-Signature": sign(f"{BASE}{path}{query}", form)}
            headers["Authorization"] = "Bearer ops"
            answer = client.open(
                path + query,
                method=method,
                data=form if method == "POST" else None,
                headers=headers,
            )
            answered += answer.status_code == 200
            told = answer.get_data(as_text=True) + unquote(repr(answer.headers))
            answer.close()
            found += [(method, path, each) for each in SECRETS if each in told]

    assert found == []
    assert answered > 100
    assert [each for each in SECRETS if each in caplog.text] == []


def test_the_search_would_find_what_is_there_to_be_found(app):
    """Everything searched for stands in the database, as it is or as it is kept."""
    with app.app_context(), enquiry.database().reading() as connection:
        tables = ("workers", "covers", "diverts", "people")
        kept = " ".join(
            repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all()) for table in tables
        )

    assert [each for each in (*WORDS, *NOTES, *rostered.PHONES) if each not in kept] == []
