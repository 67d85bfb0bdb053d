"""What reads the host's state: declared probes, run at the lowest priority, masked, compared."""
