"""The judge in a session: its settings, the verdict on each test, and what is said of it at the end.

`options` reads the settings, `verdicts` gathers what a test's requests did and asks the judge, `summary` writes the
lines, `plugin` has the hooks. Not here: the checks (`kailash_testkit.judge`).
"""
