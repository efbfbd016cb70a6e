"""Spellings of an address to go to after signing in."""

STAFF_PAGES = [
    "/staff",
    "/staff/rota.csv",
    "/staff/diverts/12",
    "/staff/preview?at=2026-12-24T17:00:00Z",
    "/staff/rota?from=2026-12-01&x=%2e%2e/y",
]
"""Addresses that are taken as they are. A browser changes nothing in them."""

REFUSED = [
    *("", "staff", "/", "/staffing", "/staff/rota%00", "/staff/\u200b", "/staff/\u00e9"),
    *("/staff/../admin", "/staff/..", "/staff/rota/../../evil", "/staff/...", "/staff/./rota"),
    *("/staff/%2e%2e/evil", "/staff/%2E./evil", "/staff/%252e%252e/evil", "/staff%2frota"),
    *("//evil.example/staff", "///evil.example/staff", "/%2f/evil.example", "/staff//evil.example"),
    *("\\\\evil.example\\staff", "/\\evil.example/staff"),
    *("/staff/..\\evil", "/staff\\@evil.example"),
    *("https://evil.example/staff", "https:evil.example/staff", "javascript:alert(1)"),
    *("@evil.example/staff", "/staff/a@b", "/staff/:x", "/staff;x=1"),
    *("/staff/\t../evil", "/\t/evil.example", "/staff\r\nSet-Cookie: x=1", " /staff", "/staff "),
    *("\u0000/staff", "/staff/\u2024\u2024/evil", "/staff/\uff0e\uff0e/evil"),
    *("/staff#/../evil", "/staff/rota#x", "/staff?x#y", "/staff?\\..\\evil"),
]
"""Addresses that lead elsewhere in some browser, or are not written as ours are."""
