"""Requests that Twilio would never send, signed or not, and what is wrong with each answer."""

import string
from urllib.parse import quote, urlencode

from telephone import BASE, CALLED, CALLER, sign
from twiml import wrong

NAMES = (
    "CallSid", "From", "To", "CallStatus", "DialCallStatus", "DialBridged", "DialCallDuration",
    "Digits", "ForwardedFrom", "ParentCallSid", "SequenceNumber", "Body", "x", "call", "began",
)  # fmt: skip
VALUES = (
    "", " ", "CA1", CALLER, CALLED, "anonymous", "completed", "busy", "canceled", "true", "false",
    "1", "-1", "1e9", "99999999999", "9" * 400, "٣", "\x00", "\x07\x1b", "\ud7ff", "é" * 50, "😀",
    "<Response/>", "&lt;", "]]>", "'; DROP TABLE calls; --", "../../etc/passwd", "{0}", "%s", "%n",
    "{{7*7}}", "null", "None", "NaN", "a" * 5000, "line\nend\r\n", "+" + "1" * 40, "sip:a@b;x=1",
)  # fmt: skip
SERVICES = ("children", "professionals", "childen", "", "%C3%A9", "..", "a" * 300, "children%00")
STEPS = ("", "after", "screen", "accept", "x", "after/", "%2e%2e", "after%3Fx")
STATES = ("began", "round", "leg", "tried", "call")
TRIED = ("mash", "mash_eds", "eds_eds_eds", "_", "nobody", "mash%00", "duty-manager", "a" * 3000)
KINDS = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=UTF-8",
    "application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "",
)


def request(draw):
    """Return (method, target, form, content type) of a request made at random."""
    door = draw.choice(("voice", "voice", "voice", "sms", "x", ""))
    target = f"/twilio/{door}/{draw.choice(SERVICES)}"
    if draw.random() < 0.6:
        target += f"/{draw.choice(STEPS)}"
    if draw.random() < 0.6:
        target += "?" + "&".join(
            f"{name}={draw.choice(TRIED) if name == 'tried' else _value(draw)}"
            for name in draw.sample(STATES, draw.randrange(len(STATES) + 1))
        )
    names = draw.sample(NAMES, draw.randrange(len(NAMES)))
    form = {name: draw.choice(VALUES) for name in names}
    method = draw.choice(("POST", "POST", "POST", "GET"))
    kind = draw.choice(KINDS[:2]) if draw.random() < 0.8 else draw.choice(KINDS)
    return method, target, form, kind


def _value(draw):
    if draw.random() < 0.6:
        return str(draw.choice((0, 1, 2, 3, 4, 99, 1795435200, 1795435200 + 479, 10**10)))
    return quote(draw.choice(VALUES), safe=string.ascii_letters)[:2000]


def faults(client, draw, numbers):
    """Send one request, signed or not, and return all that is wrong with the answer."""
    method, target, form, kind = request(draw)
    posted = method == "POST" and kind.startswith("application/x-www-form-urlencoded")
    body = urlencode(form).encode() if posted else _garbage(draw, form)
    signature = sign(BASE + target, form if posted else {})
    signed = draw.random() < 0.8
    if not signed:
        signature = draw.choice((signature[1:], "", "x", signature[::-1], "\x00", "é"))
    answer = client.open(
        target,
        method=method,
        data=None if method == "GET" else body,
        content_type=kind,
        headers={"X-Twilio-Signature": signature.encode("ascii", "replace").decode()},
    )
    question = f"{method} {target[:200]} {form} {kind} signed={signed}"
    if not signed or answer.status_code == 403:
        problems = [] if answer.status_code == 403 else [f"{answer.status_code} to the unsigned"]
        problems += ["refused though signed"] if signed and posted else []
    else:
        parts = target.partition("?")[0].split("/")[2:]
        text = parts[0] == "sms" and not (posted and form.get("CallSid"))
        whisper = parts[0] == "voice" and parts[2:3] in (["screen"], ["accept"])
        problems = wrong(answer, BASE, numbers, whisper and len(parts) == 3 and parts[1], text)
    if "Traceback" in answer.text or answer.status_code >= 500:
        problems.append(f"status {answer.status_code}: {answer.text[:200]}")
    return [f"{question}: {problem}" for problem in problems]


def _garbage(draw, form):
    body = urlencode(form).encode()
    return draw.choice((b"", b"\xff\xfe\x00", b"{", b'{"From": 1}', b"--x\r\n", body, body * 50))
