"""Where the broker keeps things: metadata in SQL, recordings in files."""
