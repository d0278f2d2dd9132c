"""Resources: create, read, list, change and delete rows through an API, with the answer and the rows checked.

`resource` has the verbs, `bodies` and `paging` know how APIs wrap their answers, `comparing` says whether a value
that was sent, shown or stored is the same, `stored` checks the database through the kit. Not here: requests
(`asgi`), the recording of changes (`changes`).
"""

from kailash_testkit.client.resources.options import ResourceOptions, Verb
from kailash_testkit.client.resources.resource import Resource

__all__ = ["Resource", "ResourceOptions", "Verb"]
