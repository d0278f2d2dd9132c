"""Event loops, threads and tasks: what the rest of the kit needs to run async code, and to see what still runs.

Knows nothing of DataFlow, databases or applications.
"""
