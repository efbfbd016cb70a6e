"""The database, SQLite or PostgreSQL: diverts, rota, accounts, calls, alerts, the audit log."""
