"""The addresses that sign-in is tried with, as a real browser reads them."""

from addresses import PAGE, REFUSED, STAFF_PAGES


def test_a_browser_reads_each_address_as_the_table_says(chromium):
    page = chromium.new_page()
    expected = {address: f"https://who.example{address}" for address in STAFF_PAGES} | REFUSED
    read = page.evaluate(
        "([addresses, base]) => addresses.map(address => new URL(address, base).href)",
        [list(expected), PAGE],
    )
    page.close()

    assert dict(zip(expected, read, strict=True)) == expected
