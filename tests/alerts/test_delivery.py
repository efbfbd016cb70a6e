"""Delivery: each alert is sent once, whoever sends, whatever fails, whoever is killed."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import ANYSHIRE, ROOT, later

from routing import alert_delivery, health, lookup
from routing.cli.maintenance import ALERTS, run_if_due
from routing.store import calls, tables
from routing.store.alerts import Alert
from routing.store.calls import Call, Leg
from routing.text.locale import get_locale

SMTP = {"ALERT_FROM": "who@anyshire.example", "ALERT_TO": "duty@anyshire.example"}


@pytest.fixture
def make(make_stored):
    """Build a service whose database is made, and that tells somebody."""
    return lambda **settings: make_stored(PUBLIC_BASE_URL="https://who.example", **settings)


@pytest.fixture
def app(make, post):
    return make(ALERT_SMTP_URL=f"smtp://127.0.0.1:{post.port}", **SMTP)


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["alerts", *arguments])


def missed(app, count=1, first=0):
    """Write calls that nobody answered."""
    with app.app_context(), lookup.database().writing() as connection:
        for number in range(first, first + count):
            at, ended_at = lookup.now(), lookup.now() + timedelta(seconds=60)
            leg = Leg(1, "mash", at, outcome="no_answer", ring_seconds=0)
            call = Call("children", "mash", "in_hours", at, ended_at, "unanswered", legs=(leg,))
            calls.write(connection, f"call {number}", call)


def warned(app):
    output = app.test_cli_runner().invoke(args=["status"]).output
    return dict(re.findall(r"^(alerts_\w+): (.*)$", output, re.M))


def test_a_call_is_sent_once_with_whatever_else_is_due(app, post):
    missed(app)
    first, second = run(app, "send"), run(app, "send")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output.startswith("address 1 of ALERT_TO: ")
    assert second.output == ""
    assert post.subjects()[0].startswith("Worried about a child: nobody answered a call at midday")
    later(app, 11)
    run(app, "send")
    assert len(post.taken) == 1


def test_what_happens_within_ten_minutes_of_a_message_goes_together_in_the_next(app, post):
    missed(app)
    run(app, "send")
    for minute in range(3):
        missed(app, first=1 + minute)
        run(app, "send")
    later(app, 9)
    run(app, "send")
    assert len(post.taken) == 1
    later(app, 1)
    run(app, "send")

    assert post.subjects()[1].endswith(" And 2 more.")


def test_while_the_mail_server_is_down_nothing_is_lost_and_status_says_so(app, post):
    missed(app)
    app.config["ALERT_SMTP_URL"] = "smtp://127.0.0.1:9"
    down, held = run(app, "send"), run(app, "send")
    conditions = warned(app)
    app.config["ALERT_SMTP_URL"] = f"smtp://127.0.0.1:{post.port}"

    assert (down.exit_code, held.exit_code) == (1, 1)
    assert "not sent yet" in held.output
    assert "job alerts to address 1 of ALERT_TO has failed since" in conditions["alerts_failing"]
    assert "Connection refused" in conditions["alerts_failing"]
    assert run(app, "send").exit_code == 1
    later(app, 4)
    assert run(app, "send").exit_code == 1
    later(app, 1)
    assert run(app, "send").exit_code == 0
    assert len(post.taken) == 1
    assert "alerts_failing" not in warned(app)


def test_a_fault_is_over_once_the_settings_name_another_recipient(app, post):
    missed(app)
    app.config["ALERT_SMTP_URL"] = "smtp://127.0.0.1:9"
    run(app, "send")
    assert "alerts_failing" in warned(app)
    app.config["ALERT_TO"] = "night@anyshire.example"

    assert "has failed since" not in app.test_cli_runner().invoke(args=["status"]).output
    assert "not sent yet" not in run(app, "list").output


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def test_two_machines_that_send_at_the_same_time_send_once(make, hook, request, kind):
    settings = {"ALERT_WEBHOOK_URL": hook.url}
    if kind == "postgresql":
        url = request.getfixturevalue("postgresql").database()
        settings |= {"DATABASE_URL": url, "SECRET_KEY": "x" * 40}
    machines = [make(**settings) for _ in range(2)]
    assert machines[0].test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    missed(machines[0], 5)
    hook.gate.clear()
    has_begun = threading.Event()
    hook.on_post = has_begun.set

    def send(app):
        with app.app_context():
            return sum(alert_delivery.send_alerts(health.conditions()).values())

    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(send, machines[0])
        try:
            assert has_begun.wait(30)  # the one is sending, and not done, while the other looks
            assert send(machines[1]) == 0
        finally:
            hook.gate.set()
        assert first.result(60) >= 1
    for app in machines:
        app.extensions["database"].engine.dispose()

    assert len(hook.taken) == 1


def test_a_sender_killed_before_it_could_note_what_it_sent_silences_nothing(make, hook, tmp_path):
    app = make(ALERT_WEBHOOK_URL=hook.url, CLOCK=lambda: datetime.now(UTC))
    environ = {"DIRECTORY": str(ANYSHIRE), "INSTANCE_PATH": str(tmp_path / "instance")}
    environ["ALERT_WEBHOOK_URL"] = hook.url
    sender = subprocess.Popen(
        [sys.executable, "-m", "flask", "alerts", "send"], cwd=ROOT, env=os.environ | environ
    )
    hook.on_post = lambda: os.kill(sender.pid, signal.SIGKILL)
    assert sender.wait(60) == -signal.SIGKILL
    hook.on_post = None

    assert run(app, "send").output == ""
    later(app, 3)
    assert run(app, "send").exit_code == 0
    one, other = (json.loads(body) for body in hook.taken)
    assert one["id"] == other["id"]
    assert one["alerts"] == other["alerts"] != []


def test_the_list_shows_what_was_sent_and_what_waits_and_no_address(app, post):
    missed(app)
    run(app, "send")
    missed(app, first=1)
    run(app, "send")
    text = run(app, "list").output
    rows = json.loads(run(app, "list", "--format", "json").output)
    with app.app_context(), lookup.database().reading() as connection:
        stored = repr([connection.execute(t.select()).all() for t in tables.METADATA.sorted_tables])

    assert text.startswith("waiting  midday on Monday 23 November, to address 1 of ALERT_TO: ")
    assert "\nsent     midday on" in text
    assert [rows[0]["sent_at"], rows[0]["to"]] == [None, "address 1 of ALERT_TO"]
    assert "duty@" not in text + stored


def test_a_test_goes_to_everybody_and_needs_no_directory_nor_database(make_app, post, hook):
    mail = {"ALERT_SMTP_URL": f"smtp://127.0.0.1:{post.port}", **SMTP}
    app = make_app("/nowhere.yaml", **mail, ALERT_WEBHOOK_URL=hook.url)
    done, hook.status = run(app, "test"), 500

    assert (done.exit_code, run(app, "test").exit_code) == (0, 1)
    assert post.subjects() == ["Test: alerts reach you"] * 2
    assert "address 1 of ALERT_TO (email): The mail server 127.0.0.1 accepted it." in done.output
    assert "the webhook (webhook, json): The webhook answered 204." in done.output


def test_without_a_recipient_every_command_says_what_to_set(make):
    app = make()
    done = run(app, "send")

    assert (done.exit_code, run(app, "test").exit_code) == (1, 1)
    assert "set ALERT_SMTP_URL, ALERT_FROM and ALERT_TO, or ALERT_WEBHOOK_URL" in done.output
    assert "set ALERT_SMTP_URL" in warned(app)["alerts_off"]


@pytest.mark.parametrize("setting", [{"ALERTS": "none"}, {"CLOCK_STARTS_AT": "2026-11-23T12:00Z"}])
def test_a_rehearsal_and_a_council_that_wants_none_alert_nobody(make, hook, setting):
    app = make(ALERT_WEBHOOK_URL=hook.url, ALERT_TO="duty@anyshire.example", **setting)
    results = [run(app, command) for command in ("send", "test")]

    assert [result.exit_code for result in results] == [1, 1]
    assert "Nobody is alerted: unset " in results[0].output
    assert hook.taken == []
    assert warned(app) == {}


def test_incomplete_email_settings_do_not_hold_up_the_webhook(make, hook):
    app = make(ALERT_WEBHOOK_URL=hook.url, ALERT_TO="duty@anyshire.example")
    done = run(app, "send")

    assert done.exit_code == 1
    assert "set ALERT_SMTP_URL and ALERT_FROM too" in done.output
    assert len(hook.taken) == 1


def test_status_warns_of_a_timer_that_has_stopped(app, post):
    assert "has not run yet" in warned(app)["alerts_not_sent"]
    run_if_due(app, ALERTS, "own")
    later(app, 14)
    assert "alerts_not_sent" not in warned(app)
    later(app, 2)
    assert "has not run since" in warned(app)["alerts_not_sent"]


def test_every_kind_of_alert_leads_to_a_staff_page_and_has_a_remedy(app):
    pages, at = {rule.rule for rule in app.url_map.iter_rules()}, datetime.now(UTC)
    text = (ROOT / "docs/alerts.md").read_text().partition("\nThe kinds are ")[2]
    for kind in re.findall(r"`(\w+)`", text.partition(".")[0]):
        alert = Alert(0, "", "", kind, "", at, at, None)
        body = alert_delivery.build_message([alert], "", get_locale("en", ZoneInfo("UTC"))).body

        assert set(re.findall(r"^Look: (\S+)", body, re.M)) <= pages
        assert re.search(r"^Do: \w", body, re.M)
