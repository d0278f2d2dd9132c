"""The change journal of a PostgreSQL database: triggers that record, and the exact way back."""
