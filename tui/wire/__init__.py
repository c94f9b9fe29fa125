"""From the socket to server-sent events: bytes in, framed events out, no meaning yet."""
