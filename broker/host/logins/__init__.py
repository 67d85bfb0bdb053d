"""Shells that people open elsewhere on the host, as recorded terminals of the session."""
