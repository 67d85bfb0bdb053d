"""Recordings when they are complete: encrypted, kept for a time, deleted."""
