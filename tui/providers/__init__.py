"""From server-sent events to reply events: one module an API."""
