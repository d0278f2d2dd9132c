"""MariaDB and MySQL: databases on a server, reached with PyMySQL."""
