"""The statements of tests in a session: a test's limit, and what is done about N+1.

`options` reads the settings, of the project and of a test; `plugin` has the hooks, and says at the end which requests
ran the same statement again and again. Not here: how statements are counted (`kailash_testkit.queries`).
"""
