"""``python -m tests.tampering [--count N] [--seed S] [--only K]``: the long form."""

from __future__ import annotations

import argparse
import sys
import time

from tests.tampering.run import Tampered, tally, tampered
from tests.tampering.verifiers import Browsers


def main() -> int:
    """Judge them all; 1 where one of them was judged wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.tampering")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="this case alone, and all that is said of it")
    wanted = parser.parse_args()
    numbers = range(wanted.count) if wanted.only is None else [wanted.only]
    began = time.monotonic()
    with Browsers() as browsers:
        done = tally(wanted.seed, numbers, browsers, complain=_complain)
    for kind, verdicts in sorted(done.by_kind.items()):
        print(f"{kind:24}  " + "  ".join(f"{name} {n}" for name, n in sorted(verdicts.items())))
    print(
        f"{done.tampered} tamperings and {done.honest} honest sessions, "
        f"{done.wrong} judged wrongly, {time.monotonic() - began:.0f} s"
    )
    if wanted.only is not None:
        print(tampered(wanted.seed, wanted.only))
    return 1 if done.wrong else 0


def _complain(seed: int, number: int, one: Tampered, why: str) -> None:
    print(f"{one.kind}: {why}: python -m tests.tampering --seed {seed} --only {number}")


if __name__ == "__main__":
    sys.exit(main())
