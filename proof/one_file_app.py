"""The same service as one file, as a council's developer might write it in an afternoon.

The benchmark runs it beside the service. It has no diverts, no reasons, no second number to try, no
directory file and no answer about another time: what those cost is what the benchmark measures.
"""

import os
import sqlite3
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import holidays
from flask import Flask, Response, abort, jsonify, request
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

LONDON = ZoneInfo("Europe/London")
BANK_HOLIDAYS = holidays.UK(subdiv="ENG", years=range(2024, 2032))
DAY = {"id": "mash", "name": "Multi-Agency Safeguarding Hub", "phone": "01632 960001"}
NIGHT = {"id": "eds", "name": "Emergency Duty Team", "phone": "01632 960002"}
OPENS, CLOSES, CLOSES_FRIDAY = time(8, 30), time(17, 0), time(16, 30)
BASE = os.environ["PUBLIC_BASE_URL"]
DATABASE = os.path.join(os.environ["INSTANCE_PATH"], "one_file_app.sqlite")

app = Flask(__name__)
validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
page = app.jinja_env.from_string("""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Worried about a child</title>
  </head>
  <body>
    <h1>Worried about a child</h1>
    <p>If a child is in immediate danger, call <a href="tel:999">999</a>.</p>
    <p>
      Call the {{ line.name }} on
      <a href="tel:{{ line.phone|replace(' ', '') }}">{{ line.phone }}</a>.
    </p>
    <table>
      <tr><th>Monday to Thursday</th><td>8:30am to 5pm</td></tr>
      <tr><th>Friday</th><td>8:30am to 4:30pm</td></tr>
      <tr><th>All other times</th><td>{{ night.name }} on {{ night.phone }}</td></tr>
    </table>
  </body>
</html>
""")

with sqlite3.connect(DATABASE) as setup:
    setup.execute("PRAGMA journal_mode = WAL")
    setup.execute("CREATE TABLE IF NOT EXISTS calls (sid TEXT, line TEXT, began_at TEXT)")


def line_at(at):
    """Return the line that takes calls at an instant."""
    local = at.astimezone(LONDON)
    closes = CLOSES_FRIDAY if local.weekday() == 4 else CLOSES
    works = local.weekday() < 5 and local.date() not in BANK_HOLIDAYS
    return DAY if works and OPENS <= local.time() < closes else NIGHT


@app.get("/api/v1/services/children/decision")
def decision():
    at = datetime.now(UTC)
    return jsonify(at=at.isoformat(), service="children", line=line_at(at))


@app.get("/api/v1/services/children/number")
def number():
    return Response(line_at(datetime.now(UTC))["phone"] + "\n", mimetype="text/plain")


@app.get("/")
def index():
    return page.render(line=line_at(datetime.now(UTC)), night=NIGHT)


@app.post("/twilio/voice/children")
def voice():
    signature = request.headers.get("X-Twilio-Signature", "")
    if not validator.validate(BASE + request.path, request.form, signature):
        abort(403)
    at = datetime.now(UTC)
    line = line_at(at)
    connection = sqlite3.connect(DATABASE)
    connection.execute("PRAGMA synchronous = NORMAL")
    with connection:
        row = request.form["CallSid"], line["id"], at.isoformat()
        connection.execute("INSERT INTO calls VALUES (?, ?, ?)", row)
    connection.close()
    response = VoiceResponse()
    response.say("If a child is in immediate danger, hang up and call 9 9 9.", language="en-GB")
    response.dial(line["phone"])
    return Response(str(response), mimetype="text/xml")
