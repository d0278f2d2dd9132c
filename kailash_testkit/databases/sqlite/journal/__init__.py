"""The change journal of a SQLite file: triggers that record, and the exact way back."""
