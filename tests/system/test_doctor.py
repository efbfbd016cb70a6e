"""`who-to-call twilio doctor`: it finds each thing that would stop calls, and says what to do."""

from datetime import UTC, datetime, timedelta

import doctor_host
import pytest
import serving
from conftest import ANYSHIRE
from serving import places

from routing import create_app
from routing.cli.telephony import compare_clocks

TOKEN = "12345"


@pytest.fixture(scope="module")
def host():
    with doctor_host.running() as host:
        yield host


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A council whose service runs, its database made."""
    folder = tmp_path_factory.mktemp("council")
    serving.prepare(folder)
    return folder


@pytest.fixture(scope="module")
def service(folder):
    server = serving.Server(folder, WEB_CONCURRENCY="1", TWILIO_AUTH_TOKEN=TOKEN)
    server.environ["PUBLIC_BASE_URL"] = server.base
    with server:
        yield server.base


def run(given, *arguments):
    """Run a command with some settings."""
    return create_app(given).test_cli_runner().invoke(args=arguments)


@pytest.fixture
def doctor(folder, service, host):
    def doctor(*arguments, **given):
        right = {
            "TWILIO_AUTH_TOKEN": TOKEN,
            "PUBLIC_BASE_URL": service,
            "TWILIO_FALLBACK_URL": f"{host.base}/{{service}}.xml",
        }
        given = {key: value or None for key, value in (right | given).items()}
        return run(places(folder) | given, "twilio", "doctor", *arguments)

    host.files["/children.xml"] = run(places(folder), "twilio", "fallback", "children").stdout
    return doctor


def test_where_all_is_well_it_says_so(doctor):
    done = doctor()

    assert done.exit_code == 0, done.stdout + done.stderr
    for text in (
        "ok     The telephone is on.",
        "/twilio/check answers a request signed as Twilio signs.",
        "ok     A forged signature is refused there.",
        "ok     The database answers",
        "ok     The fallback of 'children'",
        "This machine's clock and that of the service",
    ):
        assert text in done.stdout


NO_KEYS = {"TWILIO_ACCOUNT_SID": ""}  # with --account


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN is not set"),
        ({"PUBLIC_BASE_URL": ""}, "PUBLIC_BASE_URL is not set"),
        ({"PUBLIC_BASE_URL": "http://who.invalid"}, "without https"),
        ({"PUBLIC_BASE_URL": "http://127.0.0.1:9"}, "here: its name is not known"),
        ({"PUBLIC_BASE_URL": "{host}"}, "not 200 text/xml. Look at the proxy there"),
        ({"TWILIO_AUTH_TOKEN": "another"}, "refuses a request signed with this token"),
        ({"TWILIO_AUTH_TOKEN_2": "another"}, "refuses a request signed with this token"),
        ({"CLOCK_STARTS_AT": "2026-12-24T16:59:00Z"}, "REHEARSAL_NUMBER is not set"),
        ({"TWILIO_FALLBACK_URL": "http://127.0.0.1:9/x"}, "on the same host as the service"),
        ({"TWILIO_FALLBACK_URL": "http://localhost:9/x"}, "fetched: its name is not known"),
        ({"TWILIO_FALLBACK_URL": "{host}/old.xml"}, "is out of date"),
        ({"INSTANCE_PATH": "{empty}"}, "Run `who-to-call db upgrade`"),
        (NO_KEYS, "TWILIO_ACCOUNT_SID, TWILIO_API_KEY, TWILIO_API_SECRET not set"),
    ],
)
def test_what_would_stop_calls_is_found(doctor, host, tmp_path, environ, text):
    host.files["/old.xml"] = host.files["/children.xml"].replace("960002", "960007")
    places = {"host": host.base, "empty": tmp_path}
    arguments = ["--account"] if environ == NO_KEYS else []
    done = doctor(*arguments, **{name: value.format(**places) for name, value in environ.items()})
    stops = [line for line in done.stdout.splitlines() if line.startswith("STOPS")]

    assert done.exit_code == 1
    assert any(text in line for line in stops), done.stdout


@pytest.mark.parametrize(
    ("change", "level", "text"),
    [
        (("phone: 01632 960001 ", "phone: 01632 960100 "), "STOPS", "call would be sent back"),
        (("phone: 01632 960001 ", "phone: 01632 960002 "), "look", "a number for drama"),
        (("verified: {on: 2026-11-01", "verified: {on: 2020-11-01"), "look", "last confirmed on"),
        (("    number: 01632 960100", "    # "), "look", "has no `number`"),
        (("", ""), "look", "No TWILIO_FALLBACK_URL is set"),
    ],
)
def test_each_problem_is_found_with_how_bad_it_is(doctor, tmp_path, change, level, text):
    directory = ANYSHIRE.read_text().replace("visibility: internal", "visibility: public")
    (tmp_path / "directory.yaml").write_text(directory.replace(*change))
    done = doctor(DIRECTORY=str(tmp_path / "directory.yaml"), TWILIO_FALLBACK_URL="")
    lines = [line for line in done.stdout.splitlines() if text in line]

    assert lines, done.stdout + done.stderr
    assert lines[0].startswith(level)


@pytest.mark.parametrize(
    ("seconds", "level"),
    [(5, "ok"), (-5, "ok"), (5.1, "error"), (-5.1, "error")],
)
def test_clocks_may_differ_by_five_seconds(seconds, level):
    ours = datetime(2026, 11, 23, 17, tzinfo=UTC)

    assert compare_clocks("Twilio", ours + timedelta(seconds=seconds), ours).level == level


@pytest.fixture
def run_doctor(doctor, host, service):
    """Ask the doctor about an account whose number is set up in some way; None: it is not there."""

    def run_doctor(changed):
        right = {
            "voice_url": f"{service}/twilio/voice/children#ct=2000&rc=2",
            "voice_method": "POST",
            "voice_fallback_url": f"{host.base}/children.xml",
            "sms_url": f"{service}/twilio/sms/children",
        }
        host.numbers = {} if changed is None else {"+441632960100": right | changed}
        return doctor(
            "--account",
            TWILIO_API_URL=host.base,
            TWILIO_ACCOUNT_SID="AC1",
            TWILIO_API_KEY="SK1",
            TWILIO_API_SECRET="secret",
        )

    return run_doctor


def test_a_number_that_asks_here_is_in_order(run_doctor, host):
    done = run_doctor({})

    assert done.exit_code == 0, done.stdout
    assert "At Twilio, +441632960100 asks this service" in done.stdout
    assert host.asked[-1][0].startswith("/2010-04-01/Accounts/AC1/IncomingPhoneNumbers.json?")
    assert host.asked[-1][1].startswith("Basic ")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"voice_url": "https://other.example/voice"}, "A call comes in: Webhook is https://other"),
        ({"voice_url": None}, "A call comes in: Webhook is not set. Set it to http://127.0.0.1"),
        ({"voice_method": "GET"}, "HTTP method is GET. Set it to POST"),
        ({"voice_fallback_url": ""}, "Primary handler fails is not set. Set it to http://local"),
        ({"trunk_sid": "TK1"}, "a SIP trunk (TK1)"),
        ({"sms_url": "https://other.example"}, "A message comes in is https://other.example."),
        (None, "Twilio's account has no number +441632960100"),
    ],
)
def test_what_to_change_at_twilio_is_printed(run_doctor, changed, text):
    done = run_doctor(changed)

    assert done.exit_code == 1
    assert text in done.stdout


@pytest.mark.parametrize(
    ("path", "status"), [("/twilio/voice/children", 0), ("/twilio/voice/other", 1)]
)
def test_a_twiml_app_counts_in_place_of_the_numbers_own_webhooks(
    run_doctor, host, service, path, status
):
    host.applications["AP1.json"] = {
        "voice_url": f"{service}{path}",
        "voice_method": "POST",
        "voice_fallback_url": f"{host.base}/children.xml",
    }
    done = run_doctor({"voice_application_sid": "AP1", "voice_url": ""})

    assert done.exit_code == status, done.stdout
    assert (path in done.stdout) is bool(status)
