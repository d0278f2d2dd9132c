"""Where private databases come from: files, the server of a URL, or a server started for the run.

One module per kind of server (`postgresql`, `mysql`) behind the `Kind` protocol; `given` and `private`
make databases on either. Nothing is connected to or started before the first database is made. Not here: what
is done in a database, which is its module's in the folder above.
"""

from kailash_testkit.databases.servers.choosing import Choice, kind_of, open_server, started
from kailash_testkit.databases.servers.interface import Server

__all__ = ["Choice", "Server", "kind_of", "open_server", "started"]
