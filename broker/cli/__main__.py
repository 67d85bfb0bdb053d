"""``python -m broker.cli``: the same as ``jumpseat``."""

from broker.cli.main import main

main()
