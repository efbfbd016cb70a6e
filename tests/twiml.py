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
    problems = []
    if answer.status_code != 200:
        problems.append(f"status {answer.status_code}")
    if answer.mimetype != "text/xml":
        problems.append(f"type {answer.mimetype}")
    if answer.headers.get("Cache-Control") != "no-store":
        problems.append("it may be kept")
    if not body.startswith(b"<?xml"):
        problems.append(f"begins with {body[:10]!r}")
    if len(body) > 64_000:
        problems.append("longer than 64 kB")
    try:
        root = ET.fromstring(body)
    except ET.ParseError as error:
        return [*problems, f"no XML: {error}"]
    if root.tag != "Response":
        problems.append(f"root {root.tag}")
    for verb in root.iter():
        problems += _wrong_verb(verb, base, numbers)
    return [*problems, *_no_way_on(root, whisper, text)]


def _wrong_verb(verb, base, numbers):
    if verb.tag not in VERBS:
        return [f"verb {verb.tag}"]
    attributes, inside = VERBS[verb.tag]
    problems = [f"{verb.tag} with {name}" for name in set(verb.attrib) - attributes]
    problems += [f"{child.tag} in {verb.tag}" for child in verb if child.tag not in inside]
    text = (verb.text or "").strip()
    if verb.tag == "Say":
        problems += _wrong_words(text)
    if verb.tag == "Dial":
        problems += _wrong_dial(verb)
    if verb.tag == "Number" and not re.fullmatch(r"[0-9*#w]+", verb.get("sendDigits", "w")):
        problems.append(f"presses {verb.get('sendDigits')!r}")
    if verb.tag == "Number":
        problems += _wrong_number(text, numbers)
    for name in ("action", "url"):
        problems += _wrong_address(verb, verb.get(name), base)
    if verb.tag == "Gather" and verb.get("action") is None:
        problems.append("without an action it asks the same again for ever")
    return problems


def _wrong_words(text):
    if not text or len(text) > 4000:
        yield f"{len(text)} letters are said"
    if "999" in text or re.search(r"\d{5}", text):
        yield f"a number is not said digit by digit: {text}"


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


def _wrong_number(number, numbers):
    if not re.fullmatch(r"\+[1-9]\d{6,14}", number) or BARRED.match(number):
        yield f"rings {number!r}"
    if numbers is not None and number not in numbers:
        yield f"rings {number}, which is no line's number"


def _wrong_address(verb, address, base):
    if address is None:
        return
    if not (address.startswith(base) and re.fullmatch(r"[\w.:/?=&-]+", address, re.ASCII)):
        yield f"goes on at {address!r}"
    if verb.get("method") != "POST":
        yield "may be kept: it is not posted"


def _no_way_on(root, whisper, text):
    tags = [element.tag for element in root]
    if text:
        if tags not in ([], ["Message"]):
            yield f"answers a text with {tags}"
        return
    if whisper:
        if "Dial" in tags:
            yield "rings somebody in a whisper"
        return
    dials = [element for element in root if element.tag == "Dial"]
    if any(element.get("action") and element is not root[-1] for element in dials):
        yield "what follows an action is never heard"
    if any(element.get("action") is None for element in dials) and tags[-1:] == ["Dial"]:
        yield "ends with ringing that goes nowhere"
    if not dials and tags != ["Hangup"] and "Say" not in tags:
        yield "leaves the caller with nothing"
