"""The forms that staff fill in, and the only reader of what they send.

Fields read what was typed; the rules are those of diverts and of the rota. The form token is
checked before a view runs (``auth.require_login``).
"""

import base64
import re
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from flask import current_app, request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from itsdangerous import Signer
from wtforms import BooleanField, Field, SelectMultipleField, StringField
from wtforms.utils import unset_value
from wtforms.validators import ValidationError

from routing import lookup
from routing.core import instants
from routing.core.instants import Span
from routing.directory.schema import parse_phone
from routing.divert_rules import DIVERT_ENDS, HANDOVER
from routing.errors import InvalidRotaChange, InvalidTime
from routing.rota import filling, spreadsheet
from routing.rota.filling import DayKind, ShiftPattern, TurnRule
from routing.store.accounts import Role, parse_roles
from routing.text import time_parsing

Value = TypeVar("Value")

NOBODY = "nobody"
NOW, TIME = "now", "time"
NOT_SENT_AGAIN = "csrf_token", "although_closed", "sheet", "file_name"
"""What a page that reads a form back has of its own."""

DIVERT_REASONS = (
    "The telephones are down",
    "The office cannot be used",
    "Not enough staff",
    "Training or a meeting",
)

OWN_SHIFTS, WHOLE_ROTA = "mine", "whole"
"""What a calendar shows."""


class DateField(Field):
    """A date, typed in boxes: ``first`` in ``first-day``, ``first-month`` and ``first-year``.

    ``parts`` is what was typed, by box; ``data`` is the date. Links send it whole, as ``isoformat``
    writes it, under the field's own name.
    """

    boxes: tuple[str, ...] = ("day", "month", "year")
    data: Any

    def process(
        self,
        formdata: Mapping[str, str] | None,
        data: Any = unset_value,
        extra_filters: Any = None,
    ) -> None:
        """Read every box, or the whole value; where no box was sent, fill in ``data``."""
        sent = formdata or {}
        self.parts = {box: sent.get(f"{self.name}-{box}", "")[:40] for box in self.boxes}
        super().process(formdata, data, extra_filters)
        if isinstance(self.data, date) and not any(self.parts.values()):
            self.parts = self.split(self.data)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the date. Raise ValueError, saying what to write."""
        if any(valuelist):
            self.data = date.fromisoformat(valuelist[0])
        else:
            self.data = time_parsing.parse_date(*self.parts.values())

    def split(self, data: Any) -> dict[str, str]:
        """Return a value as it is typed, by box."""
        return {box: str(getattr(data, box)) for box in ("day", "month", "year")}


class LocalTimeField(DateField):
    """A date and a time of day by local clocks; ``data`` is the instant."""

    boxes = ("day", "month", "year", "time")

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the instant; whole, a local time is one too. Raise InvalidTime."""
        zone, (day, month, year, time) = lookup.staff_locale().zone, self.parts.values()
        if any(valuelist):
            self.data = time_parsing.parse_local(valuelist[0], zone)
        elif time.strip():
            self.data = time_parsing.parse_date_and_time(day, month, year, time, zone)
        else:
            raise InvalidTime("Write the time, as 5pm, 5:30pm or 17:30.")

    def split(self, data: datetime) -> dict[str, str]:
        """Return an instant as it is typed; one that the clocks show twice with BST or GMT."""
        zone = lookup.staff_locale().zone
        local = data.astimezone(zone)
        first, second = instants.possible_instants(local.replace(tzinfo=None), zone)
        clock = f"{local:%H:%M}" + (f" {local.tzname()}" if first != second else "")
        return {**super().split(local), "time": clock}


class TimeChoiceField(LocalTimeField):
    """A choice of times; TIME is the one that is typed, in boxes.

    ``choices`` says what each of the others means. ``choice`` is what was chosen, ``data`` the
    instant or what the choice means. An empty form shows its data or default as the choice, and
    today's date in the boxes.
    """

    def __init__(self, choices: Mapping[str, Any], refusal: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices, self.refusal = choices, refusal

    def process(
        self,
        formdata: Mapping[str, str] | None,
        data: Any = unset_value,
        extra_filters: Any = None,
    ) -> None:
        """Read the choice and every box."""
        if formdata is not None:
            self.choice = formdata.get(self.name, "")[:100]
            super().process(formdata, None)
        else:
            self.choice = data or self.default
            super().process(None, lookup.now())
            self.parts["time"] = ""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read what was chosen. Raise ValueError, saying what to write."""
        zone = lookup.staff_locale().zone
        today = lookup.now().astimezone(zone).date()
        if self.choice in self.choices:
            if self._is_typed_after(today):
                raise ValueError(
                    "A time is typed, but another choice is ticked. Tick the choice above that "
                    "time, or clear it."
                )
            self.data = self.choices[self.choice]
        elif self.choice == TIME:
            super().process_formdata([])
            if self.data == instants.midnight(today, zone):  # the one that ends today is meant
                self.data = instants.midnight(today + timedelta(days=1), zone)
        else:
            try:
                self.data = time_parsing.parse_local(self.choice, zone)
            except InvalidTime as error:
                raise ValueError(self.refusal) from error

    def _is_typed_after(self, today: date) -> bool:
        """Return whether a time was typed, or a date later than the one filled in for today."""
        day, month, year, time = self.parts.values()
        try:
            return bool(time.strip()) or time_parsing.parse_date(day, month, year) > today
        except InvalidTime:
            return False


def text(max_length: int, **kwargs: Any) -> StringField:
    """Return a text field that ignores everything after ``max_length`` characters."""
    return StringField(filters=[lambda value: (value or "")[:max_length]], **kwargs)


def parse_id(value: str) -> int | None:
    """Return an id as it was sent; None for anything else."""
    return int(value) if value.isdecimal() and len(value) <= 18 else None  # no id is longer


def parse_day(value: str, default: date) -> date:
    """Return a date from 2000 to 2099, as a link has it; ``default`` for anything else."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return default
    return day if 2000 <= day.year < 2100 else default


class StaffForm(FlaskForm):
    """A form whose errors are its fields' own, and those of the rules that refuse it.

    A page that reads a change back sends the form once more, with ``shown``, a digest of what was
    read back, and ``once``, which names the page: however often it is sent, the change is saved
    once.
    """

    class Meta:
        csrf = False

    once = text(40)
    shown = text(64)

    @contextmanager
    def refusing(self, *errors: type[Exception]) -> Iterator[None]:
        """Show why the form was refused, if one of ``errors`` is raised inside, and go on."""
        try:
            yield
        except errors as error:
            self.refuse(error)

    def refuse(self, error: Exception) -> None:
        """Show why the form was refused, beside the field to change if the error names one."""
        name, messages = getattr(error, "field", None), getattr(error, "problems", [str(error)])
        for field in self:
            if field.name == name:
                field.errors = messages
                return
        self.form_errors += messages

    @property
    def summary(self) -> list[dict[str, str]]:
        """Return every error with a link to its field, for GOV.UK's error summary."""
        of_form = [{"text": message} for message in self.form_errors]
        return of_form + [
            {"text": message, "href": f"#{field.id}"} for field in self for message in field.errors
        ]

    def hidden(self, shown: str) -> dict[str, str]:
        """Return the hidden fields of a page that reads the form back: what was sent, once more."""
        sent = {name: value for name, value in request.values.items() if name not in NOT_SENT_AGAIN}
        return {**sent, "shown": shown, "once": secrets.token_urlsafe(16)}


def link_token(form_key: str, *content: object) -> str:
    """Return the secret token of a link, the same for a form that is sent again.

    Nobody can work it out from the page, which holds only the key.
    """
    assert current_app.secret_key
    signer = Signer(current_app.secret_key, salt="link token", digest_method=sha256)
    return signer.get_signature(repr((form_key or secrets.token_urlsafe(), *content))).decode()


def digest(*shown: object) -> str:
    """Return what tells a change as it was read back from any other."""
    return sha256(repr(shown).encode()).hexdigest()


class SignInForm(StaffForm):
    """A name and a password of this service's own, and the page to go to."""

    name = text(200)
    password = text(10_000)
    next = StringField()

    @property
    def summary(self) -> list[dict[str, str]]:
        """Return why nobody was signed in, with a link to where to try again."""
        href = "#provider" if current_app.config["OIDC_ISSUER"] else "#name"
        return [{"text": message, "href": href} for message in self.form_errors]


class PasswordForm(StaffForm):
    """A new password, and the current one if its owner has signed in."""

    current = text(10_000)
    new = text(10_000)


class AccountForm(StaffForm):
    """Somebody's name and roles, and what to do with their account."""

    name = text(200)
    role = SelectMultipleField(validate_choice=False)
    action = text(20)
    sure = BooleanField()

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles that are ticked."""
        return parse_roles(self.role.data or ())


class EndForm(StaffForm):
    """Until when a divert lasts, and what was confirmed on the page that showed it."""

    until = TimeChoiceField(
        DIVERT_ENDS, "Choose when the divert ends: every divert has an end.", default=HANDOVER
    )
    although_closed = BooleanField()


class DivertForm(EndForm):
    """Whose calls are diverted to which line, from when, until when and why."""

    service = text(100)
    line = text(100)
    from_ = TimeChoiceField({NOW: None}, "Choose when the divert starts.", name="from", default=NOW)
    reason = text(100)
    note = text(2000)
    may_ring = BooleanField()

    @property
    def why(self) -> str:
        """Return the common reason that was chosen, then what was typed."""
        return ". ".join(filter(None, (self.reason.data, self.note.data.strip())))


class DutyForm(StaffForm):
    """Who has, covers or is away from which duty, and who is on duty instead.

    The pages for a shift, a cover and an absence each show some of these fields.
    """

    role = text(100)
    person = text(20)
    substitute = text(20)
    starts = LocalTimeField()
    ends = LocalTimeField()
    note = text(2000)

    @property
    def during(self) -> Span:
        """Return from when until when. Only once the form was validated."""
        return Span(self.starts.data, self.ends.data)


class SwapForm(StaffForm):
    """With which other shift to swap, and whose shifts to show: "" shows everybody's."""

    person = text(20)
    other = text(20)


class FillForm(StaffForm):
    """Which role to fill from which day to which, with whom in turn."""

    role = text(100)
    first = DateField()
    last = DateField()
    people = text(20_000)
    turn = text(10, default="days")
    days = text(10, default="7")
    begins = text(40, default="Monday")
    working_day = text(100, name=DayKind.WORKING_DAY.value)
    weekend = text(100, name=DayKind.WEEKEND.value)
    bank_holiday = text(100, name=DayKind.BANK_HOLIDAY.value)

    @property
    def names(self) -> list[str]:
        """Return who takes turns, in that order: one a line, or with commas."""
        return [name.strip() for name in re.split(r"[\n,]", self.people.data) if name.strip()]

    @property
    def turns(self) -> TurnRule:
        """Return how long a turn lasts, and when one begins. Raise InvalidRotaChange."""
        if self.turn.data not in ("days", "slot"):
            raise InvalidRotaChange("turn", "Choose how people take turns.")
        if self.turn.data == "slot":
            return TurnRule()
        _read(self.days, filling.parse_turn, self.days.data)
        return _read(self.begins, filling.parse_turn, self.days.data, self.begins.data)

    @property
    def times(self) -> ShiftPattern:
        """Return when shifts begin, for kinds of day with a time. Raise InvalidRotaChange."""
        return {
            DayKind(field.name): _read(field, filling.parse_times, field.data)
            for field in (self.working_day, self.weekend, self.bank_holiday)
            if field.data.strip()
        }


def _read(field: Field, parse: Callable[..., Value], *texts: str) -> Value:
    try:
        return parse(*texts)
    except InvalidTime as error:
        raise InvalidRotaChange(field.name, str(error)) from error


class ImportForm(StaffForm):
    """A spreadsheet of shifts, whether new names in it are put on the rota, and what it replaces.

    A page that reads the import back holds the file in ``sheet``, compressed, and its name.
    """

    file = FileField()
    add_people = BooleanField()
    replace = BooleanField()
    sheet = text(spreadsheet.MAX_BYTES)
    file_name = text(100)

    def validate_file(self, field: Field) -> None:
        """Raise ValidationError unless a file was chosen, or read back, and holds something."""
        self.content = b""
        if field.data:
            self.content = field.data.stream.read(spreadsheet.MAX_BYTES + 1)
            self.name = field.data.filename or ""
        elif self.sheet.data:
            self.content = _decompress(self.sheet.data)
            self.name = self.file_name.data
        if not self.content:
            raise ValidationError("Choose a CSV file.")

    def file_again(self) -> dict[str, str]:
        """Return the file as fields of the page that reads the import back."""
        sheet = base64.b64encode(zlib.compress(self.content)).decode()
        return {"sheet": sheet, "file_name": self.name}


def _decompress(sheet: str) -> bytes:
    try:
        data = base64.b64decode(sheet, validate=True)
        return zlib.decompressobj().decompress(data, spreadsheet.MAX_BYTES + 1)
    except (ValueError, zlib.error) as error:
        raise ValidationError("Choose the CSV file again.") from error


def _display_phone(value: str | None) -> str:
    try:
        return parse_phone(value).display if value and value.strip() else ""
    except ValueError as error:
        problem = "This is not a telephone number. Write it in full, as 01632 960001."
        raise ValueError(problem) from error


class PersonForm(StaffForm):
    """Somebody's name, work phone as it is written, and account."""

    name = text(200)
    phone = StringField(filters=[_display_phone])
    account = text(20)


class CalendarForm(StaffForm):
    """What a new calendar shows: OWN_SHIFTS or WHOLE_ROTA."""

    of = text(100)


class PreviewForm(StaffForm):
    """Which instant to show."""

    at = LocalTimeField()
