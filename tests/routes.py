"""Every address that the service answers, for tests that ask all of them."""

import re

from routing import lookup


def addresses(app, services=()):
    """Yield (method, path) of every route, with every service in it or those given, and of two
    unknown paths.
    """
    with app.app_context():
        services = services or [*lookup.snapshot().timetables.services, "nope"]
    fitting = {
        "service": services,
        "filename": ["../staff", "site.css"],
        "address": ["staff.x.css", "nope"],
        "token": ["x" * 43],
        "step": ["1", "screen", "nope"],
        **{
            f"{subject}_id": ["1"]
            for subject in ("account", "calendar", "change", "divert", "person", "shift")
        },
    }
    for rule in app.url_map.iter_rules():
        paths = [rule.rule]
        for name in rule.arguments:
            part = re.compile(rf"<(?:\w+:)?{name}>")
            paths = [part.sub(value, path) for path in paths for value in fitting[name]]
        for path in paths:
            for method in rule.methods:
                yield method, path
    yield "GET", "/nope"
    yield "GET", "/api/v1/nope"
