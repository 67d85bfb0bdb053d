"""Evidence on disk: a session's folder or a bundle, verified and packed. Both sides use it."""
