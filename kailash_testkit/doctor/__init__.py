"""The doctor: what a DataFlow's models do to the values that are stored, and settings that bite tests.

Here live the values that are tried (`samples`), the round trips of each field through DataFlow's own nodes
(`round_trips`), what their results mean and how to cure them (`verdicts`), the look at settings (`surroundings`),
and the form of the result (`diagnosis`, `table`). It writes into a throw-away database that whoever calls it
provides. What does not live here: the command line.
"""

from kailash_testkit.doctor.diagnosis import Diagnosis, Finding, diagnose

__all__ = ["Diagnosis", "Finding", "diagnose"]
