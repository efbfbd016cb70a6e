"""A validator of documents for Twilio: what its pages say, and what this service promises.

It shares no code with the service, and no library but an XML parser.
"""

import re
import xml.etree.ElementTree as ET

BARRED = re.compile(r"\+44(9|84|87|70)|\+?(999|112|101|111)$")
SPEECH = {"voice", "language"}
VERBS = {
    "Response": (set(), {"Say", "Dial", "Pause", "Hangup", "Gather", "Message"}),
    "Say": (SPEECH, set()),
    "Pause": ({"length"}, set()),
    "Hangup": (set(), set()),
    "Dial": (
        {"action", "answerOnBridge", "callerId", "method", "sequential", "timeout"},
        {"Number"},
    ),
    "Number": ({"method", "sendDigits", "url"}, set()),
    "Gather": ({"action", "method", "numDigits", "timeout"}, {"Say"}),
    "Message": (set(), set()),
}


def wrong(answer, base="https://", numbers=None, whisper=False, text=False):
    """Return all that is wrong with an answer to Twilio; ``numbers`` are those it may ring.

    ``whisper``: it is for whoever was rung. ``text``: it answers a text message.
    """
    body = answer.get_data()
    found = []
    if answer.status_code != 200:
        found.append(f"status {answer.status_code}")
    if answer.mimetype != "text/xml":
        found.append(f"type {answer.mimetype}")
    if answer.headers.get("Cache-Control") != "no-store":
        found.append("it may be kept")
    if not body.startswith(b"<?xml"):
        found.append(f"begins with {body[:10]!r}")
    if len(body) > 64_000:
        found.append("longer than 64 kB")
    try:
        root = ET.fromstring(body)
    except ET.ParseError as error:
        return [*found, f"no XML: {error}"]
    if root.tag != "Response":
        found.append(f"root {root.tag}")
    for verb in root.iter():
        found += _wrong_verb(verb, base, numbers)
    return [*found, *_no_way_on(root, whisper, text)]


def _wrong_verb(verb, base, numbers):
    if verb.tag not in VERBS:
        return [f"verb {verb.tag}"]
    attributes, inside = VERBS[verb.tag]
    found = [f"{verb.tag} with {name}" for name in set(verb.attrib) - attributes]
    found += [f"{each.tag} in {verb.tag}" for each in verb if each.tag not in inside]
    said = (verb.text or "").strip()
    if verb.tag == "Say":
        found += _wrong_words(said)
    if verb.tag == "Dial":
        found += _wrong_dial(verb)
    if verb.tag == "Number" and not re.fullmatch(r"[0-9*#w]+", verb.get("sendDigits", "w")):
        found.append(f"presses {verb.get('sendDigits')!r}")
    if verb.tag == "Number":
        found += _wrong_number(said, numbers)
    for name in ("action", "url"):
        found += _wrong_address(verb, verb.get(name), base)
    if verb.tag == "Gather" and verb.get("action") is None:
        found.append("without an action it asks the same again for ever")
    return found


def _wrong_words(said):
    if not said or len(said) > 4000:
        yield f"{len(said)} letters are said"
    if "999" in said or re.search(r"\d{5}", said):
        yield f"a number is not said digit by digit: {said}"


def _wrong_dial(verb):
    if not 5 <= int(verb.get("timeout", "0")) <= 600:
        yield f"rings for {verb.get('timeout')} seconds"
    if verb.get("answerOnBridge") != "true":
        yield "takes the call before anybody answers"
    if not len(verb):
        yield "rings nobody"
    if len(verb) > 1 and verb.get("sequential") != "true":
        yield "rings several at once: the first voicemail would win"
    if not re.fullmatch(r"\+[1-9]\d{6,14}", verb.get("callerId", "+441632960100")):
        yield f"shows {verb.get('callerId')!r}"


def _wrong_number(said, numbers):
    if not re.fullmatch(r"\+[1-9]\d{6,14}", said) or BARRED.match(said):
        yield f"rings {said!r}"
    if numbers is not None and said not in numbers:
        yield f"rings {said}, which is no line's number"


def _wrong_address(verb, address, base):
    if address is None:
        return
    if not (address.startswith(base) and re.fullmatch(r"[\w.:/?=&-]+", address, re.ASCII)):
        yield f"goes on at {address!r}"
    if verb.get("method") != "POST":
        yield "may be kept: it is not posted"


def _no_way_on(root, whisper, text):
    tags = [each.tag for each in root]
    if text:
        if tags not in ([], ["Message"]):
            yield f"answers a text with {tags}"
        return
    if whisper:
        if "Dial" in tags:
            yield "rings somebody in a whisper"
        return
    dials = [each for each in root if each.tag == "Dial"]
    if any(each.get("action") and each is not root[-1] for each in dials):
        yield "what follows an action is never heard"
    if any(each.get("action") is None for each in dials) and tags[-1:] == ["Dial"]:
        yield "ends with ringing that goes nowhere"
    if not dials and tags != ["Hangup"] and "Say" not in tags:
        yield "leaves the caller with nothing"
