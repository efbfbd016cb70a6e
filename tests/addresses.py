"""Spellings of an address to go to after signing in, and where a browser would go by each."""

PAGE = "https://who.example/staff/sign-in"
"""The page that the browser is on."""

STAFF_PAGES = [
    "/staff",
    "/staff/rota.csv",
    "/staff/diverts/12",
    "/staff/preview?at=2026-12-24T17:00:00Z",
    "/staff/rota?from=2026-12-01&x=%2e%2e/y",
]
"""Addresses that are taken as they are. A browser changes nothing in them."""

REFUSED = {
    "": "https://who.example/staff/sign-in",
    "staff": "https://who.example/staff/staff",
    "/": "https://who.example/",
    "/staff/": "https://who.example/staff/",
    "/staffing": "https://who.example/staffing",
    "/staff/../admin": "https://who.example/admin",
    "/staff/..": "https://who.example/",
    "/staff/rota/../../evil": "https://who.example/evil",
    "/staff/...": "https://who.example/staff/...",
    "/staff/%2e%2e/evil": "https://who.example/evil",
    "/staff/%2e./evil": "https://who.example/evil",
    "/staff/%252e%252e/evil": "https://who.example/staff/%252e%252e/evil",
    "//evil.example/staff": "https://evil.example/staff",
    "/staff//evil.example": "https://who.example/staff//evil.example",
    "///evil.example/staff": "https://evil.example/staff",
    "/%2f/evil.example": "https://who.example/%2f/evil.example",
    "/staff%2frota": "https://who.example/staff%2frota",
    "\\\\evil.example\\staff": "https://evil.example/staff",
    "/\\evil.example/staff": "https://evil.example/staff",
    "/staff/..\\evil": "https://who.example/evil",
    "/staff\\@evil.example": "https://who.example/staff/@evil.example",
    "https://evil.example/staff": "https://evil.example/staff",
    "https:evil.example/staff": "https://who.example/staff/evil.example/staff",
    "javascript:alert(1)": "javascript:alert(1)",
    "@evil.example/staff": "https://who.example/staff/@evil.example/staff",
    "/staff/\t../evil": "https://who.example/evil",
    "/\t/evil.example": "https://evil.example/",
    "/staff\r\nSet-Cookie: x=1": "https://who.example/staffSet-Cookie:%20x=1",
    " /staff": "https://who.example/staff",
    "/staff ": "https://who.example/staff",
    "\u0000/staff": "https://who.example/staff",
    "/staff/\u200b": "https://who.example/staff/%E2%80%8B",
    "/staff/\u2024\u2024/evil": "https://who.example/staff/%E2%80%A4%E2%80%A4/evil",
    "/staff/\uff0e\uff0e/evil": "https://who.example/staff/%EF%BC%8E%EF%BC%8E/evil",
    "/staff/\u3002\u3002/evil": "https://who.example/staff/%E3%80%82%E3%80%82/evil",
    "/staff/\u00e9": "https://who.example/staff/%C3%A9",
    "/staff#/../evil": "https://who.example/staff#/../evil",
    "/staff/rota#x": "https://who.example/staff/rota#x",
    "/staff?x#y": "https://who.example/staff?x#y",
    "/staff?\\..\\evil": "https://who.example/staff?\\..\\evil",
    "/staff/:x": "https://who.example/staff/:x",
    "/staff/a@b": "https://who.example/staff/a@b",
    "/staff;x=1": "https://who.example/staff;x=1",
    "/staff/rota%00": "https://who.example/staff/rota%00",
}
"""Addresses that are refused, and what a browser makes of each on that page."""
