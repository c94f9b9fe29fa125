"""What each `rill` command does, but for `ask` and the app."""
