"""What staff change, in SQLite or PostgreSQL: diverts, accounts, sessions, and the record."""
