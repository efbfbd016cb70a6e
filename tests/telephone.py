"""Plays Twilio: signs every request, and follows every address that it is given.

The signature is computed here independently, as Twilio's page on webhook security says.
"""

import base64
import hashlib
import hmac
import re
import xml.etree.ElementTree as ET

from twiml import wrong

CALLER, CALLED = "+447700900123", "+441632960100"
TOKEN, BASE = "12345", "https://who.example"


def sign(address, form, token=TOKEN, algorithm="sha1"):
    """Return the signature for an address and the values of a form."""
    text = address + "".join(f"{key}{form[key]}" for key in sorted(form))
    made = hmac.new(token.encode(), text.encode(), algorithm).digest()
    return base64.b64encode(made).decode()


def call_sid(name):
    """Return the id that Twilio would give the call that a test calls ``name``."""
    if re.fullmatch("CA[0-9a-f]{32}", name):
        return name
    return "CA" + hashlib.sha256(name.encode()).hexdigest()[:32]


class Document:
    """An answer, valid, as Twilio reads it."""

    def __init__(self, answer, question, numbers, whisper=False, text=False):
        problems = wrong(answer, BASE, numbers, whisper, text)
        assert problems == [], f"{question}: {problems}\n{answer.text}"
        self.text, self.root = answer.text, ET.fromstring(answer.get_data())

    @property
    def dial(self):
        return self.root.find("Dial")

    @property
    def number(self):
        """The number that is rung; None when nobody is."""
        return None if self.dial is None else self.dial.find("Number").text

    @property
    def numbers(self):
        return [element.text for element in self.root.iter("Number")]

    @property
    def speech(self):
        return " ".join(element.text for element in self.root.iter("Say"))

    @property
    def verbs(self):
        return [element.tag for element in self.root]


class Telephone:
    """Twilio, for an account whose number is CALLED."""

    def __init__(self, client, numbers=None, token=TOKEN, base=BASE):
        self.client, self.numbers, self.token, self.base = client, numbers, token, base

    def post(self, address, form, **headers):
        """Send a signed request to an address of this service."""
        signed = {"X-Twilio-Signature": sign(address, form, self.token), **headers}
        return self.client.post(address.removeprefix(self.base), data=form, headers=signed)

    def call(self, sid, caller=CALLER, called=CALLED, service="children", **more):
        """Return what Twilio is told when somebody calls."""
        form = self.form(sid, caller, called, **more)
        return self.document(f"{self.base}/twilio/voice/{service}", form)

    def ends(self, document, sid, status, caller=CALLER, called=CALLED, **more):
        """Return what Twilio is told when what a document rings has ended."""
        form = self.form(sid, caller, called, DialCallStatus=status, **more)
        return self.document(document.dial.get("action"), {"CallStatus": "in-progress", **form})

    def picked_up(self, document, sid, digits=None):
        """Return what whoever picks up is told, and, if they press a key, what then."""
        screen = document.dial.find("Number").get("url")
        form = {"CallSid": call_sid(f"{sid}-child"), "From": CALLED, "To": document.number}
        answer = self.document(screen, form, whisper=True)
        if digits is None:
            return answer
        action = answer.root.find("Gather").get("action")
        return self.document(action, {**form, "Digits": digits}, whisper=True)

    def texts(self, caller=CALLER, called=CALLED, service="children", **more):
        form = {"MessageSid": "SM1", "From": caller, "To": called, "Body": "help", **more}
        form = {key: value for key, value in form.items() if value is not None}
        return self.document(f"{self.base}/twilio/sms/{service}", form, text=True)

    def document(self, address, form, **kind):
        return Document(self.post(address, form), address, self.numbers, **kind)

    @staticmethod
    def form(sid, caller, called, **more):
        sid = None if sid is None else call_sid(sid)
        form = {"CallSid": sid, "From": caller, "To": called, "CallStatus": "ringing", **more}
        return {key: value for key, value in form.items() if value is not None}
