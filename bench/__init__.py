"""How fast Jumpseat is, as ratios to plain OpenSSH measured in the same run: ``make bench``."""
