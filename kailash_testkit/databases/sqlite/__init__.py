"""SQLite: a database is a file."""
