"""Calls an application in this process the way a server would: ASGI in, ASGI out.

Here live the transport under the client, WebSocket connections (`websocket`), the application's lifespan, a real server
for it (`live`), and the requests that were made (`timeline`). A request runs in a task of its own, whose context has
nothing of the test or of another request, bodies stream in both directions, and no failure of the application is lost.
What does not live here: the client and its words (`client`), and anything that knows DataFlow, a database or pytest.
"""
