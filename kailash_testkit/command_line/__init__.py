"""The command ``kailash-testkit``: arguments, files, exit codes.

`main` knows the commands; each has a module of its own with `add` (its arguments) and what it does;
`application` imports the user's application away from its real database.
"""
