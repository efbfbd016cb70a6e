"""GOV.UK's list of bank holidays, which one machine fetches and the others copy."""

import logging
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from routing import bank_holidays
from routing.bank_holidays import HolidayList
from routing.errors import DatabaseUnavailable, InvalidBankHolidays
from routing.store.db import Database
from routing.store.tables import bank_holiday_lists, insert_or_update

log = logging.getLogger(__name__)


def save(connection: Connection, published: HolidayList) -> None:
    """Save GOV.UK's list under its URL, in place of the one saved before."""
    insert = insert_or_update(connection.dialect.name, bank_holiday_lists).values(
        url=published.url,
        checked_at=published.checked_at,
        content=published.model_dump_json(by_alias=True),
    )
    new = {name: insert.excluded[name] for name in ("checked_at", "content")}
    connection.execute(insert.on_conflict_do_update(index_elements=["url"], set_=new))


def copy_newer(database: Database, folder: Path) -> None:
    """Copy the newest list into ``folder`` if the copy there is older. A fault is only logged."""
    query, own = sa.select(bank_holiday_lists.c.content), None
    try:
        if not database.exists:
            return
        with suppress(InvalidBankHolidays):  # of a broken copy, any list is better
            own = bank_holidays.load_copy(folder)
        if own is not None:
            query = query.where(bank_holiday_lists.c.checked_at > own.checked_at)
        with database.reading() as connection:
            newest = query.order_by(bank_holiday_lists.c.checked_at.desc()).limit(1)
            content = connection.scalar(newest)
        if content is not None:
            bank_holidays.save_copy(folder, HolidayList.model_validate_json(content))
            log.info("GOV.UK's list of bank holidays is copied from the database")
    except DatabaseUnavailable as error:
        log.info("GOV.UK's list of bank holidays is not copied from the database: %s", error)
    except Exception:
        log.exception("fault while copying GOV.UK's list of bank holidays from the database")
