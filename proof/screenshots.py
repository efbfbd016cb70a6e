"""bin/screenshots: the pictures of the README and docs/staff.md, in docs/screenshots."""

import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path

from browser.conftest import CHROMIUM, HOME, QUIET, Application, Pages
from browser.test_staff import sign_in, staff_service, write_calls
from playwright.sync_api import sync_playwright
from serving import ROOT

from routing import create_app

FOLDER = ROOT / "docs" / "screenshots"
EXAMPLES = ROOT / "examples"
# name, directory, instant, path, width
PICTURES = [
    ("day", "west-berkshire", "2026-11-24T10:00:00Z", "/", 1280),
    ("christmas-small", "west-berkshire", "2026-12-25T10:00:00Z", "/", 320),
]


SMALL = {"width": 375, "height": 812}


def staff(browser):
    """Take what somebody sees who diverts calls on a phone, and then who is on duty."""
    with tempfile.TemporaryDirectory() as name, staff_service(Path(name), "admin") as service:
        write_calls(service.folder / "instance")
        page = sign_in(browser.new_page(viewport=SMALL), service)
        page.goto(f"{service.base}/staff/diverts/new")
        page.get_by_label("All of them").check()
        page.get_by_label("Multi-Agency Safeguarding Hub").check()
        page.get_by_label("The telephones are down").check()
        shoot(page, "staff-divert-small")
        page.get_by_role("button", name="Continue").click()
        shoot(page, "staff-check-small")
        page.set_viewport_size({"width": 1280, "height": 900})
        words = ("--until", "1h", "--note", "The telephones are down", "--although-closed")
        service.flask("divert", "set", "children", "eds", *words)
        page.goto(f"{service.base}/staff")
        shoot(page, "staff")
        page.goto(f"{service.base}/staff/calls")
        shoot(page, "staff-calls", whole=False)


def rota(browser):
    """Take the rota as somebody sees it who arranges it, with Christmas all but covered."""
    people = ("Amara Owusu", "Siân O’Brien", "Llŷr ap Rhys", "Dev Patel")
    rows = [
        f"mash-social-worker,2026-12-{day} 08:30,2026-12-{day} 17:00,{who}"
        for day in (23, 24)
        for who in ("Tom Reid", "Ann Ho")
    ]
    for day, who in enumerate(people, 1):
        rows.append(f"eds-social-worker,2026-11-0{day} 17:00,2026-11-0{day} 18:00,{who}")
    with (
        tempfile.TemporaryDirectory() as name,
        staff_service(Path(name), "rota", "2026-12-23T15:40:00Z") as service,
    ):
        sheet = "\n".join(["role,starts,ends,person", *rows])
        service.flask("rota", "import", "-", "--add-people", stdin=sheet)
        words = ("--role", "eds-social-worker", "--from", "2026-12-23", "--to", "2027-01-20")
        turns = ("--people", ",".join(people), "--turn", "slot", "--yes")
        service.flask("rota", "fill", *words, *turns)
        page = sign_in(browser.new_page(viewport={"width": 1280, "height": 900}), service)
        page.goto(f"{service.base}/staff/rota?from=2026-12-27")
        page.locator("table").last.get_by_role("link").nth(1).click()
        page.get_by_role("button", name="Cover part of it").click()
        page.get_by_label("Who?").select_option("Nobody yet")
        page.get_by_label("Note for colleagues").fill("Called in this morning")
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Set this cover").click()
        page.goto(f"{service.base}/staff/rota?from=2026-12-23")
        shoot(page, "staff-rota")
        page.set_viewport_size({"width": 320, "height": 900})
        page.goto(f"{service.base}/staff/rota?from=2026-12-23")
        page.locator("table").last.scroll_into_view_if_needed()
        page.evaluate("scrollTo(0, document.querySelectorAll('table')[1].offsetTop)")
        shoot(page, "staff-rota-small", whole=False)


def shoot(page, name, whole=True):
    # It is a rehearsal, and every page says so; a picture shows the page itself.
    page.evaluate("document.querySelector('.who-rehearsal')?.remove()")
    page.screenshot(path=FOLDER / f"{name}.png", full_page=whole)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for name, directory, at, path, width in PICTURES:
            with tempfile.TemporaryDirectory() as folder, Pages(browser) as pages:
                file, clock = EXAMPLES / f"{directory}.yaml", partial(datetime.fromisoformat, at)
                settings = {"DIRECTORY": str(file), "INSTANCE_PATH": folder, "CLOCK": clock}
                app = create_app(settings | {"PUBLIC_BASE_URL": HOME})
                viewport = {"width": width, "height": 900}
                page = pages.open(path, Application(app, clock), viewport=viewport)
                shoot(page, name, whole=width > 320)
        staff(browser)
        rota(browser)
        browser.close()


if __name__ == "__main__":
    main()
