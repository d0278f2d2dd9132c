"""PostgreSQL: databases on a server, reached with psycopg2."""
