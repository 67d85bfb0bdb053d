"""What is kept and what it says: asciicast, session log, presence, timeline. Pure."""
