"""Messages by email and to a webhook: a real mail server and a real webhook, on loopback."""

import json
import re
import ssl
import subprocess
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import AuthResult
from alerts.conftest import Post, serve_mail

from routing import alert_delivery
from routing.config import ALERT_SETTINGS, alert_recipients, alerts_fault
from routing.store.alerts import Alert
from routing.text.locale import get_locale

LONDON = get_locale("en", ZoneInfo("Europe/London"))
UNSET = dict.fromkeys(("ALERTS", "CLOCK_STARTS_AT", *ALERT_SETTINGS))


def settings(**given):
    mail = {"ALERT_FROM": "who@anyshire.example", "ALERT_TO": "duty@anyshire.example"}
    return (
        UNSET
        | {"ALERT_WEBHOOK_FORMAT": "json"}
        | (mail if "ALERT_SMTP_URL" in given else {})
        | given
    )


AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def alert(code, sentence):
    return Alert(0, "", f"{code} {sentence}", code, sentence, AT, AT, None)


def message(*alerts, base="https://who.example"):
    """Say some alerts, by default one of a call."""
    chosen = alerts or (alert("call_unanswered", "Worried: no answer."),)
    return alert_delivery.build_message(chosen, base, LONDON)


def sent(config, message, **more):
    """Send a message to everybody; return what went wrong, by name."""
    known = alert_recipients(config)
    outcomes = alert_delivery.deliver(config, dict.fromkeys(known, message), **more)
    return {
        outcome.recipient.name: None if outcome.is_accepted else outcome.reply
        for outcome in outcomes
    }


def fault(config, message):
    """Send a message to the one recipient; return what went wrong, None if nothing did."""
    ((_, sentence),) = sent(config, message).items()
    return sentence


def smtp(post, **more):
    return settings(ALERT_SMTP_URL=f"smtp://127.0.0.1:{post.port}", **more)


def test_a_mail_says_what_happened_what_to_do_and_where_to_look(post):
    for _ in range(2):
        assert sent(smtp(post), message()) == {"address 1 of ALERT_TO": None}
    (to, mail), (_, copy) = post.taken
    body = mail.get_content().replace("\r\n", "\n")

    assert (to, mail["To"]) == (["duty@anyshire.example"], "duty@anyshire.example")
    assert mail["Subject"] == "Worried: no answer."
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == copy["Message-ID"]
    assert re.fullmatch(r"<[0-9a-f]{24}@anyshire\.example>", mail["Message-ID"])
    assert "- Worried: no answer. Noticed at midday on Monday 23 November.\n" in body
    assert "Do: Ring the lines that did not answer." in body
    assert "Look: https://who.example/staff/calls\n" in body


def test_a_hundred_calls_are_one_mail_that_counts_them(post):
    calls = [alert("call_unanswered", f"Call {n}.") for n in range(100)]
    sent(smtp(post), message(alert("bank_holidays_broken", "Broken."), *calls))
    ((_, mail),) = post.taken

    assert mail["Subject"] == "Call 0. And 100 more."
    assert mail.get_content().count("- Call ") == alert_delivery.MAX_LISTED_PER_KIND
    assert "- And 80 more." in mail.get_content()


def test_a_name_adds_no_line_to_a_mails_head_and_keeps_its_letters(post):
    name = "Gŵyl\r\nBcc: all@anyshire.example\u2028\u202ex\x00"
    sent(smtp(post), message(alert("rota_gap", f"{name}: nobody.")))
    ((to, mail),) = post.taken

    assert to == ["duty@anyshire.example"]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Gŵyl Bcc: all@anyshire.example x: nobody."
    assert "- Gŵyl Bcc: all@anyshire.example x: nobody." in mail.get_content()


def test_a_recipient_that_is_refused_keeps_it_from_nobody_else(post):
    post.refused = {"gone@anyshire.example"}
    everybody = "duty@anyshire.example, gone@anyshire.example,ict@anyshire.example"
    faults = sent(smtp(post, ALERT_TO=everybody), message())

    assert [to for to, _ in post.taken] == [["duty@anyshire.example"], ["ict@anyshire.example"]]
    refusal = "The mail server 127.0.0.1 refused it: 550 5.1.1 ... no such user."
    numbered = enumerate((None, refusal, None), 1)
    assert faults == {f"address {number} of ALERT_TO": fault for number, fault in numbered}


def test_a_mail_server_that_is_not_there_or_not_at_this_port_is_reported(post):
    for url, reason in (
        ("smtp://127.0.0.1:9", "Connection refused"),
        ("smtp://127.0.0.1:99999", "ValueError"),
        (f"smtps://127.0.0.1:{post.port}", "SSL"),
    ):
        sentence = fault(settings(ALERT_SMTP_URL=url), message())
        assert sentence.startswith("The mail server 127.0.0.1 cannot be reached (")
        assert reason in sentence
        assert sentence.endswith("): look at ALERT_SMTP_URL.")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost of an authority of its own, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    command += " -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command += " -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def _context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def safe(request, certificate):
    """A mail server with STARTTLS that takes nothing without it, nor without the right login."""

    def right(server, session, envelope, mechanism, data):
        known = (data.login, data.password) == (b"duty", b"p@ss:word")
        return AuthResult(success=known, handled=False)

    post = Post()
    post.port = serve_mail(
        post,
        request,
        tls_context=_context(certificate),
        require_starttls=True,
        authenticator=right,
        auth_required=True,
    )
    return post


def test_a_login_goes_over_starttls_once_the_certificate_is_trusted(safe, certificate, monkeypatch):
    def login(words):
        return fault(settings(ALERT_SMTP_URL=f"smtp://{words}@localhost:{safe.port}"), message())

    untrusted = login("duty:p%40ss%3Aword")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    wrong = login("duty:wrong-word")

    assert "certificate that is not trusted" in untrusted
    assert "SSL_CERT_FILE" in untrusted
    assert "refused the login" in wrong
    assert "word" not in wrong.replace("password", "")
    assert "(UnicodeEncodeError): look at ALERT_SMTP_URL" in login("duty:%C2%A3word")
    assert login("duty:p%40ss%3Aword") is None
    assert len(safe.taken) == 1


def test_smtps_is_encrypted_from_the_start(request, certificate, monkeypatch):
    post = Post()
    port = serve_mail(post, request, ssl_context=_context(certificate))
    config = settings(ALERT_SMTP_URL=f"smtps://localhost:{port}")
    assert "certificate that is not trusted" in fault(config, message())
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    assert fault(config, message()) is None
    assert len(post.taken) == 1


def test_a_login_is_never_sent_without_encryption(request):
    """Not even to a server that would take it."""
    logins, post = [], Post()

    def anybody(server, session, envelope, mechanism, data):
        logins.append(data)
        return AuthResult(success=True)

    port = serve_mail(post, request, authenticator=anybody, auth_require_tls=False)
    config = settings(ALERT_SMTP_URL=f"smtp://duty:hush@127.0.0.1:{port}")

    assert "offers no encryption" in fault(config, message())
    assert logins == post.taken == []


def test_a_webhook_gets_json_with_a_text_that_chats_show(hook):
    assert sent(settings(ALERT_WEBHOOK_URL=hook.url), message()) == {"the webhook": None}
    body = json.loads(hook.taken[0])

    assert body["text"].startswith("Worried: no answer.\n\n- Worried: no answer. ")
    assert body["subject"] == "Worried: no answer."
    assert body["alerts"] == [
        {
            "kind": "call_unanswered",
            "text": "Worried: no answer.",
            "noticed_at": "2026-11-23T12:00:00+00:00",
        }
    ]


def test_slack_gets_the_text_alone_with_nothing_in_it_that_slack_would_read_as_a_command(hook):
    config = settings(ALERT_WEBHOOK_URL=hook.url, ALERT_WEBHOOK_FORMAT="slack")
    sent(config, message(alert("rota_gap", "Nobody <!channel> & nobody.")))
    body = json.loads(hook.taken[0])

    assert body.keys() == {"text"}
    assert "- Nobody &lt;!channel&gt; &amp; nobody." in body["text"]


def test_teams_gets_an_adaptive_card_and_its_202_counts(hook):
    hook.status = 202
    config = settings(ALERT_WEBHOOK_URL=hook.url, ALERT_WEBHOOK_FORMAT="teams")
    (outcome,) = alert_delivery.deliver(config, dict.fromkeys(alert_recipients(config), message()))
    (attachment,) = json.loads(hook.taken[0])["attachments"]
    first, *others = attachment["content"]["body"]

    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["type"] == "AdaptiveCard"
    assert first["text"] == "Worried: no answer."
    assert "Look: https://who.example/staff/calls" in [block["text"] for block in others]
    assert outcome.is_accepted


def test_a_card_is_never_larger_than_teams_takes(hook):
    config = settings(ALERT_WEBHOOK_URL=hook.url, ALERT_WEBHOOK_FORMAT="teams")
    kinds = ["call_unanswered", "rota_gap", "unverified"]
    alerts = [alert(kind, "ŵ" * 500) for kind in kinds for n in range(20)]
    sent(config, message(*alerts))
    (attachment,) = json.loads(hook.taken[0])["attachments"]

    assert len(hook.taken[0]) < 28_000
    assert "There is more" in attachment["content"]["body"][-1]["text"]


def test_a_format_that_teams_accepts_and_loses_is_named():
    for host, body_format, is_lost in (
        ("prod-1.westeurope.logic.azure.com", "json", True),
        ("default1.environment.api.powerplatform.com", "slack", True),
        ("prod-1.westeurope.logic.azure.com", "teams", False),
        ("hooks.example", "json", False),
    ):
        config = settings(ALERT_WEBHOOK_URL=f"https://{host}/x", ALERT_WEBHOOK_FORMAT=body_format)
        sentence = alerts_fault(config) or ""
        assert ("Set ALERT_WEBHOOK_FORMAT to teams" in sentence) is is_lost, host


@pytest.mark.parametrize(
    "reply",
    [
        "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
        "535 5.7.3 SmtpClientAuthentication is disabled for the Tenant.",
    ],
)
def test_exchange_online_that_takes_no_password_is_not_reported_as_a_wrong_one(
    request, certificate, monkeypatch, reply
):
    def refuse(server, session, envelope, mechanism, data):
        return AuthResult(success=False, handled=False, message=reply)

    post = Post()
    port = serve_mail(post, request, tls_context=_context(certificate), authenticator=refuse)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    config = settings(ALERT_SMTP_URL=f"smtp://duty:right@localhost:{port}")
    sentence = fault(config, message())

    assert "basic authentication is disabled there" in sentence
    assert "ALERT_WEBHOOK_URL" in sentence


def test_a_webhook_that_refuses_or_is_not_there_is_reported_without_its_address(hook):
    for status in (500, 302, 404, 429):
        hook.status = status
        sentence = fault(settings(ALERT_WEBHOOK_URL=hook.url), message())
        assert f"answered {status}. Look at ALERT_WEBHOOK_URL" in sentence
        assert "SECRET" not in sentence
    assert len(hook.taken) == 4  # and a redirect was not followed
    for url in ("http://127.0.0.1:9/hooks/SECRET", hook.url.replace("http:", "https:")):
        sentence = fault(settings(ALERT_WEBHOOK_URL=url), message())
        assert "The webhook cannot be reached (" in sentence
        assert "SECRET" not in sentence


def test_a_webhook_that_hangs_holds_up_no_mail(post, hook):
    config = smtp(post, ALERT_WEBHOOK_URL=hook.url)
    hook.gate.clear()
    outcomes = alert_delivery.deliver(config, dict.fromkeys(alert_recipients(config), message()))
    first = next(outcomes)
    hook.gate.set()

    assert (first.recipient.name, first.is_accepted) == ("address 1 of ALERT_TO", True)
    assert [(outcome.recipient.name, outcome.is_accepted) for outcome in outcomes] == [
        ("the webhook", True)
    ]


def test_a_webhook_that_hangs_is_given_up(hook):
    hook.gate.clear()
    faults = sent(settings(ALERT_WEBHOOK_URL=hook.url), message(), timeout=0.2)

    assert faults == {"the webhook": "No answer within 0.2 seconds."}


def test_without_its_address_a_message_says_which_page():
    assert "Look: /staff/calls at this service's address" in message(base="").body
