"""The ways that are compared, each a pytest plugin with a fixture `driver` (`pytest -p ways.helpers`)."""
