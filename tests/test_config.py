"""Settings: read as text, checked at start."""

import re
from datetime import UTC, datetime

import pytest
from conftest import ROOT

from routing import config
from routing.errors import InvalidSetting


def test_a_rehearsal_clock_is_the_same_in_every_process():
    environ = {"CLOCK_STARTS_AT": "2026-12-24T16:59:50Z", "CLOCK_STARTED_AT": "1700000000.0"}
    one, two = config.read(environ)["CLOCK"], config.read(environ)["CLOCK"]

    assert abs((one() - two()).total_seconds()) < 1


def test_a_rehearsal_clock_starts_at_its_setting():
    clock = config.read({"CLOCK_STARTS_AT": "2026-12-24T16:59:50Z"})["CLOCK"]

    assert abs((clock() - datetime(2026, 12, 24, 16, 59, 50, tzinfo=UTC)).total_seconds()) < 5


def test_a_clock_that_cannot_be_read_is_refused_at_start():
    with pytest.raises(InvalidSetting, match="CLOCK_STARTS_AT"):
        config.read({"CLOCK_STARTS_AT": "Christmas"})


@pytest.mark.parametrize(
    ("value", "caller_id"), [("", "caller"), (" ", "caller"), ("own\r", "own")]
)
def test_blanks_around_a_value_do_not_count_and_without_one_the_default_holds(value, caller_id):
    assert config.read({"CALLER_ID": value})["CALLER_ID"] == caller_id


def test_relative_paths_are_those_of_the_folder_that_holds_the_application(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    settings = config.read({"INSTANCE_PATH": "data/instance"})

    assert settings["DIRECTORY"] == str(ROOT / "directory.yaml")
    assert settings["INSTANCE_PATH"] == str(ROOT / "data/instance")


def test_an_absolute_path_stays_as_it_is():
    assert config.read({"DIRECTORY": "/etc/who.yaml"})["DIRECTORY"] == "/etc/who.yaml"


@pytest.mark.parametrize("name", config.SECRETS)
def test_a_secret_may_come_from_a_file(tmp_path, name):
    (tmp_path / "secret").write_text("\ufeffhush\r\n")  # as Windows's editor saves it

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


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("TWILIO_AUTH_TOKN", "Write TWILIO_AUTH_TOKEN instead"),
        ("OIDC_CLIENTID", "Write OIDC_CLIENT_ID instead"),
        ("DATABASE_URI", "Write DATABASE_URL instead"),
        ("OIDC_TENANT", "docs/settings.md lists them all"),
        ("DIRECTORY_PATH", "Write DIRECTORY instead"),
        ("CALL_RETENTION", "Write CALL_RETENTION_DAYS instead"),
        ("SECRET_KEY_FIL", "Write SECRET_KEY_FILE instead"),
        ("WEB_CONCURENCY", "Write WEB_CONCURRENCY instead"),
        ("twilio_auth_token", "Write TWILIO_AUTH_TOKEN instead"),
    ],
)
def test_a_misspelt_setting_is_named_with_what_to_write(name, remedy):
    (sentence,) = config.read({name: "1"})["UNKNOWN_SETTINGS"]

    assert sentence.startswith(f"{name} is not a setting")
    assert remedy in sentence


@pytest.mark.parametrize(
    "name", ["PATH", "PORT", "WEB_CONCURRENCY", "LOG_LEVEL", "TEST_DATABASE_URL", "OPS_TOKEN_FILE"]
)
def test_a_variable_of_another_program_is_no_misspelt_setting(name):
    assert config.read({name: ""})["UNKNOWN_SETTINGS"] == ()


def test_zone_data_that_is_wrong_in_july_is_refused(monkeypatch):
    def utc(_):
        from zoneinfo import ZoneInfo

        return ZoneInfo("UTC")

    monkeypatch.setattr(config, "ZoneInfo", utc)
    with pytest.raises(InvalidSetting, match="tzdata"):
        config.check_zones()


def test_a_machine_without_zone_data_is_refused(monkeypatch):
    def missing(_):
        raise KeyError("Europe/London")

    monkeypatch.setattr(config, "ZoneInfo", missing)
    with pytest.raises(InvalidSetting, match="tzdata"):
        config.check_zones()


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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALLER_ID", "both"),
        ("REHEARSAL_NUMBER", "07700900123"),
        ("CALL_RETENTION_DAYS", "0"),
        ("CALL_RETENTION_DAYS", "ninety"),
        ("CALL_RETENTION_DAYS", "3٠"),
        ("REHEARSAL_NUMBER", "+44770090012٣"),
        ("TWILIO_AUTH_TOKEN", '"hush"'),
        ("OIDC_CLIENT_SECRET", "hush\u200b"),
        ("OPS_TOKEN", "hush  # for Prometheus"),
        ("TWILIO_FALLBACK_URL", "fallback.example/{service}.xml"),
        ("PUBLIC_BASE_URL", "who.example"),
        ("PUBLIC_BASE_URL", "https://who.example/?x=1"),
        ("PUBLIC_BASE_URL", "https://who.example\u200b"),
        ("ALERT_SMTP_URL", "mail.example"),
        ("ALERT_SMTP_URL", "https://duty:hush@mail.example"),
        ("ALERT_SMTP_URL", "smtp://duty:hush@two@mail.example"),
        ("ALERT_SMTP_URL", "smtp://duty:hush@mail.example:port"),
        ("ALERT_FROM", "Who to call <who@anyshire.example>"),
        ("ALERT_FROM", "who@anyshire.example\nBcc: all@anyshire.example"),
        ("ALERT_TO", "duty@anyshire.example; ict@anyshire.example"),
        ("ALERT_TO", "duty"),
        ("ALERT_TO", "llŷr@anyshire.example"),
        ("ALERT_WEBHOOK_URL", "hooks.example/hush"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/hush hush"),
        ("ALERT_WEBHOOK_URL", "https://[hush"),
        ("PUBLIC_BASE_URL", "https://[who.example"),
    ],
)
def test_another_form_counts_as_not_set_with_what_to_write_and_without_the_secret(name, value):
    settings = {name: value}
    config.ignore_malformed(settings)
    sentence = settings["MALFORMED_SETTINGS"][name]

    assert settings[name] == config.SETTINGS[name]
    assert re.match(f"{name} is .*Write ", sentence)
    assert "hush" not in sentence


@pytest.mark.parametrize(
    ("public", "request_root", "base"),
    [
        ("https://who.example/", "http://127.0.0.1/", "https://who.example"),
        (None, "http://127.0.0.1/", "http://127.0.0.1"),
        (None, "", ""),
    ],
)
def test_the_public_address_goes_before_the_one_that_was_requested(public, request_root, base):
    assert config.base_url({"PUBLIC_BASE_URL": public}, request_root) == base
