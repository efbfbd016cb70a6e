"""Somebody at a staff page who diverts calls, through the forms as a browser sends them."""

import html
import re

import requests

PASSWORD = "correct horse battery"
NAME = "Priya"


class Cookies(requests.cookies.RequestsCookieJar):
    """Sends what is for https alone by http too: here no proxy stands between."""

    def set_cookie(self, cookie, *more, **named):
        cookie.secure = False
        return super().set_cookie(cookie, *more, **named)


class Refused(Exception):
    """The page did not say that the divert is set, but something else at its head."""

    def __init__(self, page):
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
        super().__init__(html.unescape(heading[1]).strip() if heading else page[:100])


class Colleague:
    """Signed in at a service, with the role to divert."""

    def __init__(self, base):
        self.base, self.session = base, requests.Session()
        self.session.cookies = Cookies()
        page = self.session.get(f"{base}/staff/sign-in", timeout=15).text
        form = {"csrf_token": _token(page), "name": NAME, "password": PASSWORD}
        answer = self.session.post(f"{base}/staff/sign-in", data=form, timeout=15)
        if not answer.ok or answer.url.endswith("/sign-in"):
            raise Refused(answer.text)

    def divert(self, line, note="x", sent=lambda: None):
        """Divert the first service for an hour. Raise Refused unless a page says that it is set.

        ``sent`` is called before the last form goes out.
        """
        page = self._shown(self.session.get(f"{self.base}/staff/diverts/new", timeout=15))
        question = {"service": "children", "line": line, "from": "now", "until": "1h", "note": note}
        page = self._post("/staff/diverts/new", {"csrf_token": _token(page), **question})
        held = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        if "shown" not in held:
            raise Refused(page)
        held["until"] = html.unescape(held["until"])
        form = {**held, "csrf_token": _token(page), "although_closed": "yes"}
        sent()
        page = self._post("/staff/diverts/new", form)
        if "The divert is set." not in page:
            raise Refused(page)

    def _post(self, path, form):
        return self._shown(self.session.post(f"{self.base}{path}", data=form, timeout=15))

    @staticmethod
    def _shown(answer):
        if not answer.ok:
            raise Refused(answer.text)
        return answer.text


def _token(page):
    match = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if match is None:
        raise Refused(page)
    return match[1]
