"""What outlives a run: settings, paths, conversations."""
