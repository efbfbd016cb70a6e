"""The rota in a real browser: Christmas filled, swapped, covered, undone and printed."""

import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from browser.conftest import follow
from browser.test_pages import layout_faults
from browser.test_staff import sign_in, staff_service

NIGHT = "Out-of-hours social worker"
PEOPLE = ["Amara Owusu", "Siân O’Brien", "Llŷr ap Rhys", "Dev Patel"]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rota")
    with staff_service(folder, "rota", "2026-12-20T15:40:00Z") as service:
        rows = [f"mash-social-worker,2026-12-21 08:30,2026-12-21 17:00,{name}\n" for name in PEOPLE]
        sheet = "role,starts,ends,person\n" + "".join(rows)
        service.flask("rota", "import", "-", "--add-people", stdin=sheet)
        yield service


def fill_in(page, name, day, month, year, time=None):
    """Type a date, and a time behind it."""
    for part, value in (("day", day), ("month", month), ("year", year)):
        page.locator(f"[name={name}-{part}]").fill(value)
    if time:
        page.locator(f"[name={name}-time]").fill(time)


def rows(page, role=NIGHT):
    """Return what the rows of a role's timeline say, by day."""
    table = page.locator("table.who-rota", has=page.locator("caption", has_text=role))
    texts = [" ".join(text.split()) for text in table.locator("tbody tr").all_inner_texts()]
    return {" ".join(text.split()[:3]): text for text in texts}


def test_christmas_is_filled_swapped_covered_undone_and_printed(pages, service):
    page = sign_in(pages.open(viewport={"width": 320, "height": 900}), service)
    violations_by_page = {}

    def look(name):
        violations_by_page[name] = layout_faults(page)

    page.get_by_text("Menu", exact=True).click()
    follow(page, page.locator("nav[aria-label='Staff pages']").get_by_role("link", name="Rota"))
    assert f"{NIGHT}: nobody is on the rota in the next 28 days." in page.inner_text("main")
    follow(page, page.get_by_role("link", name=re.compile(f"Fill this gap ?: {NIGHT}")))
    fill_in(page, "first", "24", "12", "2026")
    fill_in(page, "last", "28", "12", "2026")
    page.get_by_label("Who takes turns?").fill("\n".join(PEOPLE))
    page.get_by_label("A shift each").check()
    look("fill")
    follow(page, page.get_by_role("button", name="Show the shifts"))
    assert f"{NIGHT}: 8 shifts" in page.inner_text("main")
    look("planned")
    follow(page, page.get_by_role("button", name="Add these shifts"))
    page.get_by_text(f"Filled {NIGHT}").first.wait_for()
    assert "3:30pm to 8:30am Amara Owusu" in rows(page)["Thursday 24 December"]
    assert "8:30am to 5pm Siân O’Brien" in rows(page)["Friday 25 December"]
    assert "Nobody" not in rows(page)["Sunday 27 December"]

    night = page.locator("table.who-rota", has=page.locator("caption", has_text=NIGHT))
    follow(page, night.get_by_role("link", name="Amara Owusu").first)
    follow(page, page.get_by_role("button", name="Swap it"))
    look("swap")
    page.get_by_label("Siân O’Brien, from 8:30am on Friday 25 December").check()
    follow(page, page.get_by_role("button", name="Continue"))
    look("swap read back")
    follow(page, page.get_by_role("button", name="Swap these shifts"))
    page.get_by_text("Shifts swapped.").wait_for()
    assert "Siân O’Brien (cover) for Amara Owusu" in rows(page)["Thursday 24 December"]

    follow(page, page.get_by_role("link", name="Dev Patel").last)
    look("shift")
    follow(page, page.get_by_role("button", name="Cover part of it"))
    page.get_by_label("Who?").select_option("Nobody yet")
    page.locator("[name=ends-time]").fill("8 in the evening")
    follow(page, page.get_by_role("button", name="Continue"))
    assert "'8 in the evening' is not a time" in page.inner_text("main")
    look("refused")
    page.locator("[name=ends-time]").fill("8am")
    page.get_by_label("Note for colleagues").fill("Called in at 3pm")
    follow(page, page.get_by_role("button", name="Continue"))
    follow(page, page.get_by_role("button", name="Set this cover"))
    page.get_by_text("Cover set.").wait_for()
    assert re.search(
        r"4pm to 8am Nobody ?: fill this gap Dev Patel is off: Called in at 3pm", str(rows(page))
    )
    look("covered")
    follow(page, page.locator(".govuk-notification-banner").get_by_role("button", name="Undo"))
    page.get_by_text("Change of the rota undone.").wait_for()
    assert "Nobody" not in rows(page)["Monday 28 December"]

    follow(page, page.get_by_role("link", name="Print two weeks"))
    look("paper")
    assert "Printed 3:4" in page.inner_text("main")
    follow(page, page.get_by_role("link", name="Back to the rota"))
    undo = page.locator(".who-latest li").filter(has_text=f"Filled {NIGHT}")
    follow(page, undo.get_by_role("button", name="Undo"))
    page.get_by_text(f"Undone: Filled {NIGHT}").first.wait_for()
    assert f"{NIGHT}: nobody is on the rota" in page.inner_text("main")
    assert {name: faults for name, faults in violations_by_page.items() if faults} == {}


def test_two_weeks_of_a_busy_rota_are_one_side_of_paper_for_each_role(pages, service):
    days = [date(2027, 6, 7) + n * timedelta(days=1) for n in range(14)]
    shifts = [("mash-social-worker", "08:30", "17:00", PEOPLE[3])]
    edges = pairwise(("08:30", "10:30", "13:30", "17:00", "19:00", "22:00", "23:59"))
    for n, (start, end) in enumerate(edges):
        role = ("mash-social-worker", "eds-social-worker")[n // 3]
        shifts.append((role, start, end, PEOPLE[n % 3]))
    rows = [
        f"{role},{day} {start},{day} {end},{who}\n"
        for day in days
        for role, start, end, who in shifts
        if role.startswith("eds") or day.weekday() < 5
    ]
    service.flask("rota", "import", "-", stdin="role,starts,ends,person\n" + "".join(rows))
    page = sign_in(pages.open(), service)
    page.goto(f"{service.base}/staff/rota/print?from=2027-06-07")
    paper = page.pdf(format="A4", prefer_css_page_size=True)

    assert len(re.findall(rb"/Type /Page\b", paper)) == 2
