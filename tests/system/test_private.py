"""Whoever rings is nowhere, staff are in the database alone: every door, then every place searched.

A real gunicorn is asked everything, by callers, passers-by and staff who are known by name and
number; then its answers, its log, its metrics, its files and its tables are searched for them.
"""

import html
import http.client
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import quote, unquote

import pytest
import rostered
import serving
from conftest import ANYSHIRE
from routes import addresses
from staff.conftest import Browser, check, confirm
from telephone import BASE, TOKEN, Telephone, sign
from telephony.conftest import NUMBERS
from werkzeug.test import Client
from werkzeug.wrappers import Request

from routing import create_app, lookup
from routing.rota.roster import Cover
from routing.store import accounts, rota
from routing.store.accounts import Role

CALLER, PLANTED = "07700 900876", "07700 900765"
SID = "CA5f0c1e2d3b4a59687f0c1e2d3b4a5968"
ACCOUNT, PASSWORD, WRONG = "Priya Shah", "correct horse battery", "incorrect donkey"
STRANGER = "Ffion Caller"
NOTES = ("Called in at three", "Phones down upstairs")
PEOPLE = (*rostered.PEOPLE, ACCOUNT)
WORDS = [part for name in PEOPLE for part in name.split() if len(part) > 3]
TELEPHONED = {
    "CLOCK_STARTS_AT": "2026-12-24T20:30:00Z",
    "REHEARSAL_NUMBER": "directory",
    "TWILIO_AUTH_TOKEN": TOKEN,
    "PUBLIC_BASE_URL": BASE,
    "OPS_TOKEN": "ops-5f0c1e2d",
}
OPS = {"Authorization": f"Bearer {TELEPHONED['OPS_TOKEN']}"}


def forms(phone):
    """Return a number in every way in which it may be written down."""
    digits = phone.replace(" ", "")
    return phone, digits, digits[1:], f"44{digits[1:]}", phone[1:], quote(phone), phone[-6:]


WHO_RANG = [*forms(CALLER), *STRANGER.split(), SID]
STAFF = [*WORDS, *NOTES, *(form for phone in rostered.PHONES for form in forms(phone)[:4])]


class Through:
    """Stands where tests expect an app that they can ask: every request goes to a real server."""

    def __init__(self, port):
        self.port = port

    def test_client(self):
        return Client(self)

    def __call__(self, environ, start_response):
        """Pass a request on (WSGI)."""
        request = Request(environ)
        headers = {name: value for name, value in request.headers if name != "Content-Length"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            target = environ["REQUEST_URI"]
            connection.request(request.method, target, request.get_data() or None, headers)
            answer = connection.getresponse()
            content = answer.read()
        drop = ("transfer-encoding", "connection")
        headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in drop]
        start_response(f"{answer.status} {answer.reason}", headers)
        return [content]


def ask_everything(client, app):
    """Ask every address without sign-in; return (method, path, all that was told) of each."""
    answers = []
    for method, path in {*addresses(app)}:
        for query in ("", "?at=2026-12-24T21:00:00Z&from=2026-12-24T00:00:00Z&lang=cy"):
            form = {"CallSid": "CA1", "From": "+447700900999", "To": "+441632960100"}
            headers = {**OPS, "X-Twilio-Signature": sign(f"{BASE}{path}{query}", form)}
            data = form if method == "POST" else None
            answer = client.open(path + query, method=method, data=data, headers=headers)
            text = answer.text + unquote(repr(answer.headers))
            answers.append((method, path, answer.status_code, text))
    return answers


def ring(client):
    """Ring, text and get lost, from a number that is known, in every part of a request."""
    number, caller = forms(CALLER)[1], "+44" + forms(CALLER)[2]
    twilio = Telephone(client, NUMBERS)
    more = {"Caller": caller, "CallerName": STRANGER, "ForwardedFrom": caller}
    for turn, status in enumerate(("busy", "completed", "canceled", "x")):
        sid = f"{SID}{turn}" if turn else SID
        document = twilio.call(sid, caller=caller, **more)
        twilio.picked_up(document, sid, "2")
        document = twilio.ends(document, sid, "busy", caller=caller, **more)
        twilio.ends(document, sid, status, caller=caller, **more)
    twilio.texts(caller=caller, Body=f"My number is {CALLER}")
    twilio.call(SID, caller=caller, service=number, **more)  # no such service: it is logged
    twilio.call(caller, caller=caller)
    for path in (
        f"/twilio/voice/children?From={quote(caller)}",
        f"/nope/{number}",
        f"/services/{quote(CALLER)}",
        f"/api/v1/services/{number}/decision",
        f"/api/v1/services/children/decision?at={quote(CALLER)}&lang={number}",
        f"/calendars/{number}.ics",
        f"/staff/{number}?next={quote(caller)}",
    ):
        headers = {"User-Agent": caller, "Referer": f"https://x.example/{number}", "From": STRANGER}
        for method in ("GET", "POST"):
            client.open(path, method=method, data={"From": caller}, headers=headers)


def staff_work(app):
    """Sign in, wrongly at first; divert; import a rota; make a calendar. Return the secrets."""
    browser = Browser(app)
    browser.sign_in(ACCOUNT, WRONG)
    browser.sign_in(ACCOUNT, PASSWORD)
    assert "set" in confirm(browser, check(browser, line="duty-manager", note=NOTES[1])).text
    sheet = f"{rostered.HEADER}eds-social-worker,2026-12-30 17:00,2026-12-31 08:30,{PEOPLE[0]}\n"
    page = browser.get("/staff/rota/import")
    sheet = (io.BytesIO(sheet.encode()), "rota.csv")
    checked = browser.send(page, "/staff/rota/import", file=sheet)
    browser.send(checked, "/staff/rota/import")
    page = browser.get("/staff/rota/mine")
    made = browser.send(page, "/staff/rota/feeds", of="whole")
    token = re.search(r"/calendars/([\w-]{20,})\.ics", html.unescape(made.text))[1]
    calendar = browser.get(f"/calendars/{token}.ics").text
    assert PEOPLE[0] in calendar.replace("\r\n ", "")
    cookie = browser.client.get_cookie("staff", path="/staff").value
    for page in ("", "/changes", "/calls", "/rota", "/rota/people", "/preview"):
        assert browser.get(f"/staff{page}").status_code == 200
    return [token, cookie, PASSWORD, WRONG, TOKEN, TELEPHONED["OPS_TOKEN"]]


def people(app):
    """Leave in the database all that can be known of staff."""
    rostered.people(app)
    rostered.christmas(app)
    with app.app_context(), lookup.database().writing() as connection:
        roles = frozenset([Role.ADMIN])
        accounts.add(connection, ACCOUNT, roles, PASSWORD, lookup.now(), "terminal:0")
        shift = rota.get(connection, 1)
        cover = Cover(1, None, shift.during, NOTES[0])
        rota.add(connection, "covered", [cover], lookup.now(), "terminal:0")


def fault(database, client):
    """Have a fault whose traceback tells a number, and wait until it is met."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE diverts SET starts_at = ?", (PLANTED,))
    serving.poll(lambda: "database_down" in client.get("/readyz", headers=OPS).text)


@pytest.fixture(scope="module")
def left(made, tmp_path_factory):
    """Everything that is left where it can be read, once every door has been used."""
    folder = tmp_path_factory.mktemp("private")
    instance, database = folder / "instance", folder / "instance" / "rehearsal.sqlite"
    instance.mkdir()
    shutil.copy(made, database)
    text = ANYSHIRE.read_text("utf-8").replace("languages: [en]", "languages: [en, cy]")
    (folder / "directory.yaml").write_text(text)
    app = create_app(serving.places(folder) | TELEPHONED)
    people(app)
    with serving.Server(folder, WEB_CONCURRENCY="1", **TELEPHONED) as server:
        through = Through(server.port)
        client = through.test_client()
        secrets = staff_work(through)
        ring(client)
        answers = ask_everything(client, app)
        metrics = client.get("/metrics", headers=OPS).text
        runner = app.test_cli_runner()
        commands = (["status"], ["purge"], ["calls", "summary"])
        outputs = [runner.invoke(args=words).output for words in commands]
        files = {file: file.read_bytes() for file in instance.rglob("*") if file.is_file()}
        fault(database, client)
        server.stop()
    log = server.log()
    rows = "\n".join(sqlite3.connect(database).iterdump())
    return SimpleNamespace(**locals())


def present(words, text):
    return [word for word in words if word in text]


def test_no_answer_without_sign_in_has_anybodys_name_or_phone(left):
    private_texts = STAFF + WHO_RANG + left.secrets[:4]

    assert [
        (method, path, present(private_texts, text))
        for method, path, _, text in left.answers
        if present(private_texts, text)
    ] == []
    assert len([None for _, _, status, _ in left.answers if status == 200]) > 100


def test_who_rang_and_what_opens_something_is_in_no_file_table_log_or_metric(left):
    texts = {file.name: content.decode("utf-8", "replace") for file, content in left.files.items()}
    texts |= {"rows": left.rows, "log": left.log, "metrics": left.metrics}
    texts |= {"outputs": "".join(left.outputs)}
    secret = [*WHO_RANG, *left.secrets]

    assert {name: words for name, text in texts.items() if (words := present(secret, text))} == {}


def test_staff_are_in_the_database_alone(left):
    files = {
        file.name: content.decode("utf-8", "replace")
        for file, content in left.files.items()
        if not file.name.startswith(left.database.name)
    }

    assert len(files) > 3
    for text in (*files.values(), left.log, left.metrics, *left.outputs):
        assert present(STAFF, text) == []


def test_the_log_is_lines_of_json_that_tell_of_faults_and_mask_numbers(left):
    lines = [json.loads(line) for line in left.log.splitlines()]
    traced = [line["exception"] for line in lines if "exception" in line]

    assert any("Traceback" in trace and "[number]" in trace for trace in traced)
    assert any("Twilio asks for a service" in line["event"] for line in lines)
    assert present(forms(PLANTED), left.log) == []


def test_the_search_would_find_what_is_there_to_be_found(left):
    """Everything searched for of staff stands in the database; and who rang was told to it."""
    assert [word for word in (*WORDS, *NOTES, *rostered.PHONES) if word not in left.rows] == []
    assert left.rows.count('INSERT INTO "calls"') > 3
    assert "2026-12-30 17:00" in left.rows  # what was imported
    assert 'INSERT INTO "calendars"' in left.rows and 'INSERT INTO "tokens"' in left.rows


def test_a_metric_names_only_what_the_directory_and_the_code_name(left):
    """So no label grows without bound, and none can hold a name."""
    with left.app.app_context():
        directory = lookup.snapshot().directory
    known = {entry.id for entry in (*directory.services, *directory.lines, *directory.rota)}
    labels = set(re.findall(r'(?:service|line|role)="([^"]*)"', left.metrics))
    names = set(re.findall(r'(\w+)="', left.metrics))

    assert labels <= known and labels
    assert names <= {"service", "line", "role", "code", "outcome", "python", "migration", "version"}
