"""Every kind of condition that somebody should know of: how bad, whom it concerns, what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum


class Severity(IntEnum):
    """How bad a condition is; ``DEGRADED`` makes the service degraded."""

    DEGRADED = 1
    WARNING = 2
    INFORMATION = 3


class Audience(Enum):
    """Who can do something about it: a duty manager, or whoever runs the service and its files."""

    STAFF = 1
    ADMINISTRATOR = 2


@dataclass(frozen=True, slots=True)
class ConditionKind:
    """What all conditions of one code have in common. ``remedy`` may be empty."""

    severity: Severity
    audience: Audience
    remedy: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that staff or the council should know.

    ``detail`` may quote a number, so no alert has it. ``alert_key`` identifies this occurrence, so
    that each recipient is alerted to it once; None if it causes no alert. If ``quotes_directory``,
    the text may hold internal numbers, which not everybody may see.
    """

    code: str
    sentence: str
    detail: str = ""
    alert_key: str | None = None
    quotes_directory: bool = False

    @property
    def kind(self) -> ConditionKind:
        """How bad it is, whom it concerns, and what to do."""
        return KINDS[self.code]

    @property
    def text(self) -> str:
        """The whole condition, its remedy last."""
        return " ".join(filter(None, (self.sentence, self.detail, self.kind.remedy)))


_CONFIRM = (
    "Ring it, then write the date and the source as `verified` of that line in the directory."
)
_REFRESH = (
    "Run `who-to-call bank-holidays refresh`, and make sure that `who-to-call timers` runs, which "
    "does so every day."
)
_NO_TELEPHONE = "If calls do not come through this service, set TELEPHONE to `none`."
_NO_ALERTS = "If you do not want any, set ALERTS to `none`."

_REMEDIES = {
    (Severity.DEGRADED, Audience.STAFF): {
        "divert_ends_soon": "Extend it if it is still needed. It ends by itself.",
        "divert_without_effect": "End it, and set another if it is still needed.",
    },
    (Severity.WARNING, Audience.STAFF): {
        "call_unanswered": "Ring the lines that did not answer. If nobody is there, divert calls "
        "to a line where somebody is. This service does not know who rang.",
        "rota_gap": "Find somebody, and enter the shift: see Gaps and clashes under Rota, or "
        "`who-to-call rota gaps`. The rota does not decide where calls go: the same lines ring, "
        "but there may be nobody to answer.",
    },
    (Severity.DEGRADED, Audience.ADMINISTRATOR): {
        "rehearsal": "Unset CLOCK_STARTS_AT to end it.",
        "telephone_faults": "See the log, and run `who-to-call twilio doctor`.",
        "database_down": "Start the database, or see what `who-to-call db upgrade` says.",
        "database_refuses": "Check that its disk is neither full nor read-only.",
        "directory_broken": "Run `who-to-call directory check`, which lists every mistake with its "
        "line, and correct the file: it is read again within 5 seconds.",
        "directory_not_read": "",
        "directory_problem": "",
        "bank_holidays_broken": _REFRESH,
        "setting_malformed": "Then restart.",
        "telephone_incomplete": _NO_TELEPHONE,
        "alerts_incomplete": _NO_ALERTS,
        "sign_in_incomplete": "Until then, divert with `who-to-call divert set` at the server.",
        "database_behind": "Run `who-to-call db upgrade`.",
        "texts_limited": "Look at Twilio's message log for where they come from, and block what is "
        "abuse there (docs/telephony.md).",
        "alerts_not_sent": "Make sure that `who-to-call timers` runs: it sends them every minute.",
        "alerts_failing": "They are tried again every five minutes.",
    },
    (Severity.WARNING, Audience.ADMINISTRATOR): {
        "rota_empty": "Enter shifts under Rota, or with `who-to-call rota import`.",
        "requests_refused": "If staff cannot sign in, divert with `who-to-call divert set` at the "
        "server. If it goes on, check that the limits in deploy/nginx.conf are in use, and block "
        "the source at the firewall.",
        "telephone_off": _NO_TELEPHONE,
        "setting_unknown": "",
        "signatures_refused": "If callers hear an error, the token or PUBLIC_BASE_URL is wrong: "
        "run `who-to-call twilio doctor`.",
        "requests_unrecognised": "Twilio may have added a parameter: see the warnings in the log, "
        "and update this service.",
        "database_not_made": "Run `who-to-call db upgrade`.",
        "kept_too_long": "Run `who-to-call purge`, and make sure that `who-to-call timers` runs, "
        "which does so every day.",
        "unverified": _CONFIRM,
        "verification_expired": _CONFIRM,
        "bank_holidays_never_fetched": _REFRESH,
        "bank_holidays_stale": _REFRESH,
        "bank_holidays_end": _REFRESH,
        "job_failing": "It is tried again by itself. See what it says when you run it yourself.",
        "rota_role_unknown": "Give the role its key back in directory.yaml, or enter the shifts "
        "again.",
        "alerts_off": _NO_ALERTS,
    },
    (Severity.INFORMATION, Audience.STAFF): {"diverted": ""},
}

KINDS: Mapping[str, ConditionKind] = {
    code: ConditionKind(severity, audience, remedy)
    for (severity, audience), remedies in _REMEDIES.items()
    for code, remedy in remedies.items()
}
"""The kind of every code. Metrics and the documentation name the codes; alerts have their order."""

SETUP_STEPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "numbers": ("Every number is confirmed", ("unverified",)),
    "bank_holidays": ("Bank holidays come from GOV.UK", ("bank_holidays_never_fetched",)),
    "telephone": ("This service answers the telephone", ("telephone_off", "telephone_incomplete")),
    "alerts": ("Somebody is alerted", ("alerts_off", "alerts_incomplete")),
    "rota": ("Every role of the rota has people", ("rota_empty",)),
    "sign_in": ("Staff can sign in", ("sign_in_incomplete",)),
}
"""Steps of setting the service up: title, and codes of the conditions that last until it is done.

A council may do without any of them.
"""


def readiness(current: Iterable[Condition]) -> str:
    """Return ``degraded`` if any condition is, else ``ready``. Callers are answered either way."""
    return "degraded" if any(c.kind.severity is Severity.DEGRADED for c in current) else "ready"
