"""The WebSocket for programs: subscribe to the log from a position on, and publish, over one connection.

`consumer` is the connection, and `connections` its caller. `incoming` and `outgoing` declare the frames, and `handlers`
does what a frame asks for. `subscriptions` sends events of the log, `replay` reads them, `send_pace` bounds the speed.
"""
