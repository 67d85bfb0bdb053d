"""The exec journal: which programs are begun at other terminals of this host. Linux."""
