"""Write coverage: what the application wrote, and which of it no test looked at.

`written` lists what the requests of a test wrote, column by column; `looking` notes what the test looks at meanwhile
(`looks` tells it), `tracked` what it reads of answers; `held` holds one against the other. `results` adds up the tests
of a run, `report` and `html` put it into words. Not here: the hooks of pytest (`pytest_plugin`).
"""
