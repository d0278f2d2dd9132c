"""Write coverage in a pytest session: its options, and what happens around each test and at the end.

What counts as written and as looked at is `kailash_testkit.write_coverage`'s.
"""
