"""The change journal of a MariaDB or MySQL database: triggers that record, and the exact way back."""
