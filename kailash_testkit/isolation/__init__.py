"""The states that tests return to: one sandbox per database under test, and the recordings that run on its journal.

What is not here: how a database goes back (`databases`), and what a test expects of the changes (`changes`).
"""
