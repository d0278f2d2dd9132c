"""``--testkit-lose-writes``: tests run again while the database loses writes of their requests, and should notice.

`mutants` says which writes of a test get lost, `summary` what is said of it. How a database loses them: `databases`.
"""
