"""Exploration: every operation of an API tried by itself, with the database as the judge.

`documents` finds the API's description, `operations` reads it, `subjects` says which models its words are about.
`world` stores rows; `values` makes requests about them by the description (`schemathesis_values`), `edges` those with
values at the edges of what databases keep. `playing` sends a series of requests and takes back what it did;
`verdicts` judges each (`checks` names the checks; `judging`, `history` and `access` are those beyond the judge of
tests). `exploring` runs the phases (`reaching`, `phases`, `credentials`) of a `trial`. What is found is made small
(`shrinking`) and written down as a test (`reproducing`, `asserting`).
Not here: the command and fixtures that start it, and its result (`kailash_testkit.exploration`).
"""
