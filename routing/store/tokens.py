"""Tokens and names are kept as hashes: whoever reads the database can use none of them."""

import hashlib


def hash_token(text: str) -> str:
    """Return the SHA-256 of a token or a name, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
