"""Search: what was run and seen in all sessions."""
