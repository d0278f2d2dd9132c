"""Gives all tests `pytester`, which runs pytest sessions inside a test; pytest wants this in the root."""

pytest_plugins = ["pytester"]
