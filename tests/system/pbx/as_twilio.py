"""A small Twilio over real SIP, run by Kamailio: webhooks signed and posted, documents obeyed.

An INVITE asks the voice webhook; <Dial> rings its numbers one after another; how that really
ended is posted to its action. Where an address fails, the fallback is asked. What a telephone does
when it is screened, it says in a header of its answer: X-Presses. It speaks to 127.0.0.1 alone.
"""

import base64
import hashlib
import hmac
import json
import os
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

import KSR

BASE, LOCAL, TOKEN = os.environ["PBX_BASE"], os.environ["PBX_LOCAL"], b"12345"
FALLBACK = os.environ.get("PBX_FALLBACK", "")
TELEPHONES = json.loads(os.environ["PBX_TELEPHONES"])
TIMEOUT_SECONDS = float(os.environ.get("PBX_READ_TIMEOUT", "15"))
STATUSES = {486: "busy", 600: "busy", 408: "no-answer", 480: "no-answer", 487: "no-answer"}
EVENTS_FILE = os.environ["PBX_EVENTS"]


def tell(**event):
    """Write what happened for the test to read; never who called."""
    with open(EVENTS_FILE, "a") as file:
        file.write(json.dumps(event) + "\n")


def post(address, form):
    """Post a signed form where the service is, as to its public address. Return the document."""
    text = address + "".join(key + form[key] for key in sorted(form))
    signed = base64.b64encode(hmac.new(TOKEN, text.encode(), hashlib.sha1).digest())
    local = address.replace(BASE, LOCAL)
    body = urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(local, body, {"X-Twilio-Signature": signed.decode()})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        if "xml" not in answer.headers["Content-Type"]:
            raise ValueError("12300: " + answer.headers["Content-Type"])
        return ET.fromstring(answer.read())


def fetch(address, form):
    try:
        return post(address, form)
    except Exception as error:
        tell(error=repr(error), address=address.partition("?")[0])
        if not FALLBACK:
            raise
        # Set up with GET, as docs/telephony.md says: a host of files refuses to be posted to.
        query = urllib.parse.urlencode({"ErrorCode": "11200", "ErrorUrl": address})
        with urllib.request.urlopen(f"{FALLBACK}?{query}", timeout=TIMEOUT_SECONDS) as answer:
            return ET.fromstring(answer.read())


def form(call, **more):
    """Return what Twilio posts of a call."""
    sid = "CA" + hashlib.md5(call.encode()).hexdigest()
    caller, called = KSR.pv.get("$fU") or "anonymous", variable(call, "called")
    return {"CallSid": sid, "From": caller, "To": called, "CallStatus": "ringing", **more}


def keep(call, name, value):
    KSR.pv.sets(f"$sht(call=>{call}::{name})", value)


def variable(call, name):
    return KSR.pv.get(f"$sht(call=>{call}::{name})") or ""


def obey(document, call):
    """Do what a document says up to the first thing that rings; end the call where nothing does."""
    for verb in document:
        tell(verb=verb.tag, said=(verb.text or "")[:300])
        if verb.tag == "Dial":
            numbers = verb.findall("Number")
            keep(call, "action", verb.get("action", "-"))
            keep(call, "screen", numbers[0].get("url", "-"))
            keep(call, "timeout", verb.get("timeout", "30"))
            keep(call, "left", ",".join(number.text for number in numbers))
            return ring(call)
        if verb.tag == "Hangup":
            break
    KSR.tm.t_reply(480, "Nobody answered")
    return False


def ring(call):
    """Ring the first of the numbers that are left."""
    number, _, left = variable(call, "left").partition(",")
    keep(call, "left", left or "-")
    keep(call, "number", number)
    tell(rings=number)
    if number not in TELEPHONES:  # to Twilio a number that nobody has: 13224
        return ended(call, "failed")
    KSR.pv.sets("$rU", number)
    KSR.pv.sets("$du", TELEPHONES[number])
    KSR.tm.t_set_fr(int(variable(call, "timeout")) * 1000, 2000)
    KSR.tm.t_on_failure("ksr_failed")
    KSR.tm.t_on_reply("ksr_answered")
    KSR.tm.t_relay()
    return True


def ended(call, status, **more):
    """Go on after ringing has ended: the next number, or what the action says."""
    if status != "completed" and variable(call, "left") not in ("", "-"):
        return ring(call)
    action = variable(call, "action")
    outcome = form(call, DialCallStatus=status, CallStatus="in-progress", **more)
    tell(ended=status, **more)
    return obey(fetch(action, outcome) if action != "-" else (), call)


def is_accepted(call, digits):
    """Ask what whoever picks up is told, and press what their telephone says."""
    child = {"CallSid": "CA" + "0" * 32, "From": "x", "To": variable(call, "number")}
    gather = post(variable(call, "screen"), child).find("Gather")
    tell(presses=digits)
    if not digits or digits == "none":
        return False
    return len(post(gather.get("action"), {**child, "Digits": digits})) == 0


class kamailio:
    def child_init(self, rank):
        return 0

    # Kamailio 5.6 raises inside t_relay where these two are not there.
    def ksr_onsend_route(self, message):
        return 1

    def ksr_reply_route(self, message):
        return 1

    def ksr_request_route(self, message):
        call, method = KSR.pv.get("$ci"), KSR.pv.get("$rm")
        if KSR.siputils.has_totag() > 0:
            return self.within(call, method)
        if method == "CANCEL":
            if KSR.tm.t_check_trans() > 0:
                KSR.tm.t_relay()
            return 1
        if method != "INVITE" or KSR.tm.t_check_trans() == 0:
            return 1
        KSR.rr.record_route()
        KSR.tm.t_newtran()
        keep(call, "called", KSR.pv.get("$rU"))
        voice = f"{BASE}/twilio/voice/children"
        return self.carry_out(lambda: obey(fetch(voice, form(call)), call))

    def within(self, call, method):
        if KSR.rr.loose_route() > 0:
            KSR.tm.t_relay()
            if method == "BYE":
                action = variable(call, "action")
                outcome = form(call, DialCallStatus="completed", CallStatus="completed")
                if action != "-":
                    outcome.update(DialBridged="true", DialCallDuration="1")
                    tell(ended="completed")
                    self.carry_out(lambda: fetch(action, outcome))
        elif method == "ACK" and KSR.tm.t_check_trans() > 0:
            KSR.tm.t_relay()
        return 1

    def ksr_answered(self, message):
        call = KSR.pv.get("$ci")
        answers = KSR.pv.get("$rs") == 200 and KSR.pv.get("$rm") == "INVITE"
        if answers and variable(call, "screen") != "-":
            tell(accepted=is_accepted(call, KSR.pv.get("$hdr(X-Presses)")))
        return 1

    def ksr_failed(self, message):
        call = KSR.pv.get("$ci")
        if KSR.tm.t_is_canceled() > 0:
            return 1
        code = int(KSR.pv.get("$T_reply_code") or 408)
        if variable(call, "screen") != "-" and code == 603:
            # Somebody, or something, picked up and did not take the call: to Twilio it completed.
            reply = KSR.pv.get("$T_rpl($hdr(X-Presses))")
            tell(accepted=is_accepted(call, reply))
            return self.carry_out(lambda: ended(call, "completed", DialBridged="false"))
        return self.carry_out(lambda: ended(call, STATUSES.get(code, "failed")))

    def carry_out(self, step):
        try:
            step()
        except Exception as error:
            tell(application_error=repr(error))
            KSR.tm.t_reply(500, "Application error")
        return 1


def mod_init():
    return kamailio()
