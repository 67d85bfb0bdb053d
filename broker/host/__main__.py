"""``python -m broker.host``: the customer's side alone."""

from __future__ import annotations

import sys

from broker.host.command import main

sys.exit(main(sys.argv[1:]))
