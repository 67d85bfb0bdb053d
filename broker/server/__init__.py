"""The vendor's machine: relay, recordings, access, pages."""
