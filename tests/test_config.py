"""Settings: read as text, checked at start."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from conftest import ROOT

from routing import config
from routing.errors import InvalidSetting


def test_a_rehearsal_clock_starts_at_its_setting_and_is_the_same_in_every_process():
    start = {"CLOCK_STARTS_AT": "2026-12-24T16:59:50Z"}
    clock = config.read(start)["CLOCK"]
    one, two = (config.read(start | {"CLOCK_STARTED_AT": "1700000000.0"})["CLOCK"] for _ in "12")

    assert abs((clock() - datetime(2026, 12, 24, 16, 59, 50, tzinfo=UTC)).total_seconds()) < 5
    assert abs((one() - two()).total_seconds()) < 1


def test_a_clock_that_cannot_be_read_is_refused_at_start():
    with pytest.raises(InvalidSetting, match="CLOCK_STARTS_AT"):
        config.read({"CLOCK_STARTS_AT": "Christmas"})


def test_blanks_around_a_value_do_not_count_and_without_one_the_default_holds():
    for value, caller_id in (("", "caller"), (" ", "caller"), ("own\r", "own")):
        assert config.read({"CALLER_ID": value})["CALLER_ID"] == caller_id


def test_relative_paths_are_those_of_the_folder_that_holds_the_application(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = config.read({"INSTANCE_PATH": "data/instance"})

    assert settings["DIRECTORY"] == str(ROOT / "directory.yaml")
    assert settings["INSTANCE_PATH"] == str(ROOT / "data/instance")
    assert config.read({"DIRECTORY": "/etc/who.yaml"})["DIRECTORY"] == "/etc/who.yaml"


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "secret").write_text("\ufeffhush\r\n")  # as Windows's editor saves it
    for name in config.SECRETS:
        assert config.read({f"{name}_FILE": str(tmp_path / "secret")})[name] == "hush"


def test_a_secret_from_a_file_that_is_missing_counts_as_not_set_and_its_path_is_named(tmp_path):
    settings = config.read({"OPS_TOKEN_FILE": str(tmp_path / "nowhere")})

    assert settings["OPS_TOKEN"] is None
    assert "/nowhere, which cannot be read" in settings["MALFORMED_SETTINGS"]["OPS_TOKEN"]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_without_the_file_that_names_the_database_no_other_is_used(tmp_path, name):
    (tmp_path / "empty").touch()
    with pytest.raises(InvalidSetting, match=r"DATABASE_URL_FILE is .*, which cannot be read"):
        config.read({"DATABASE_URL_FILE": str(tmp_path / name)})


def test_a_secret_both_from_a_file_and_in_the_environment_is_that_of_the_environment(tmp_path):
    (tmp_path / "secret").write_text("hush")
    settings = config.read({"OPS_TOKEN": "hash", "OPS_TOKEN_FILE": str(tmp_path / "secret")})

    assert settings["OPS_TOKEN"] == "hash"
    assert "are both set" in settings["MALFORMED_SETTINGS"]["OPS_TOKEN"]


MISSPELT = {
    "TWILIO_AUTH_TOKN": "Write TWILIO_AUTH_TOKEN",
    "OIDC_CLIENTID": "Write OIDC_CLIENT_ID",
    "DATABASE_URI": "Write DATABASE_URL",
    "OIDC_TENANT": "See docs/settings.md",
    "PUBLIC_BASE_ADDRESS": "See docs/settings.md",
    "NOTE_RETENTION": "Write NOTE_RETENTION_DAYS",
    "INSTANCE_PATH_FILE": "See docs/settings.md",
    "SECRET_KEY_FIL": "Write SECRET_KEY_FILE",
    "WEB_CONCURENCY": "Write WEB_CONCURRENCY",
    "twilio_auth_token": "Write TWILIO_AUTH_TOKEN",
    "CALL_RETENTION": "Write CALL_RETENTION_DAYS",
    "DIRECTORY_FILE": "See docs/settings.md",
}
OTHERS = (
    *("PATH", "PORT", "WEB_CONCURRENCY", "LOG_LEVEL", "TEST_DATABASE_URL", "OPS_TOKEN_FILE"),
    *("CALL_CENTRE", "DATABASE_URL_UNPOOLED", "SECRET_KEY_BASE", "ALERTMANAGER_URL"),
)


def test_a_misspelt_setting_is_named_with_what_to_write_and_no_other_programs_variable():
    for name, remedy in MISSPELT.items():
        (sentence,) = config.read({name: "1"})["UNKNOWN_SETTINGS"]
        assert sentence.startswith(f"{name} is not a setting")
        assert remedy in sentence
    assert config.read(dict.fromkeys(OTHERS, ""))["UNKNOWN_SETTINGS"] == ()


def test_zone_data_that_is_wrong_in_july_or_missing_is_refused(monkeypatch):
    def missing(key):
        raise KeyError(key)

    for zone_info in (lambda key: ZoneInfo("UTC"), missing):
        monkeypatch.setattr(config, "ZoneInfo", zone_info)
        with pytest.raises(InvalidSetting, match="tzdata"):
            config.read({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_SMTP_URL", "smtps://duty:hush@mail.example:465"),
        ("ALERT_SMTP_URL", "smtp://duty%40anyshire.example:hush%2Fhush@mail.example"),
        ("ALERT_SMTP_URL", "smtp://127.0.0.1:1025/"),
        ("ALERT_SMTP_URL", "smtp://[::1]:25"),
        ("ALERT_FROM", "who@anyshire.example"),
        ("ALERT_TO", "duty@anyshire.example, o'brien+x@ict.example,a@b.example"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/services/T/B?x=1"),
        ("ALERT_WEBHOOK_URL", "https://duty:hush@hooks.example:8443/T"),
    ],
)
def test_alert_settings_in_their_usual_forms_are_accepted(name, value):
    settings = {name: value}
    config.ignore_malformed(settings)

    assert settings == {name: value, "MALFORMED_SETTINGS": {}}


MALFORMED = {
    "CALLER_ID": ["both"],
    "REHEARSAL_NUMBER": ["07700900123", "+44770090012٣"],
    "CALL_RETENTION_DAYS": ["0", "ninety", "3٠"],
    "TWILIO_AUTH_TOKEN": ['"hush"'],
    "OIDC_CLIENT_SECRET": ["hush\u200b"],
    "OPS_TOKEN": ["hush  # for Prometheus"],
    "TWILIO_FALLBACK_URL": ["fallback.example/{service}.xml"],
    "PUBLIC_BASE_URL": [
        *("who.example", "https://who.example/?x=1", "https://who.example\u200b", "https://[who.x")
    ],
    "ALERT_SMTP_URL": [
        *("mail.example", "https://duty:hush@mail.example", "smtp://duty:hush@two@mail.example"),
        "smtp://duty:hush@mail.example:port",
    ],
    "ALERT_FROM": ["Who to call <who@x.example>", "who@x.example\nBcc: all@x.example"],
    "ALERT_TO": ["duty@x.example; ict@x.example", "duty", "llŷr@anyshire.example"],
    "ALERT_WEBHOOK_URL": [
        *("hooks.example/hush", "https://hooks.example/hush hush", "https://[hush")
    ],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in MALFORMED.items() for value in values]
)
def test_another_form_counts_as_not_set_with_what_to_write_and_without_the_secret(name, value):
    settings = {name: value}
    config.ignore_malformed(settings)
    sentence = settings["MALFORMED_SETTINGS"][name]

    assert settings[name] == config.SETTINGS[name].default
    assert re.match(f"{name} is .*Write ", sentence)
    assert "hush" not in sentence


def test_the_public_address_goes_before_the_one_that_was_requested():
    public, local = "https://who.example", "http://127.0.0.1"

    assert config.base_url({"PUBLIC_BASE_URL": f"{public}/"}, f"{local}/") == public
    assert config.base_url({"PUBLIC_BASE_URL": None}, f"{local}/") == local
    assert config.base_url({"PUBLIC_BASE_URL": None}) == ""
