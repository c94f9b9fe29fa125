"""Rill: a chat app for LLMs in the terminal."""

__version__ = "0.1.0"
