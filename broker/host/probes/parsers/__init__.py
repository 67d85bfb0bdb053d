"""What the probes' commands print and files say, read into facts. Pure."""
