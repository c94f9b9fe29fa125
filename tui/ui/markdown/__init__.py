"""Text so far → finished blocks and one open block → lines."""
