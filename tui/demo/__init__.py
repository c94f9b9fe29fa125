"""The embedded demo: a loopback server that speaks the Messages API."""
