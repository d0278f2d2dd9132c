"""All that reaches into Kailash, DataFlow and Nexus beyond their documented API.

A new release of Kailash breaks what is here, and nothing else. What is not here: what is built from documented calls
(workflows, runtimes, nodes), and what the kit makes of the facts.
"""
