"""Run many seeds, or one to see what happens in it."""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

from tests.simulation.world import World


class Outcome(NamedTuple):
    """How one seed went."""

    seed: int
    wrong: tuple[str, ...]
    trace: str
    """The digest of it."""
    seconds: float
    converged: float


def outcome(seed: int) -> Outcome:
    """Run one seed."""
    world = World(seed).run()
    digest = hashlib.sha256("\n".join(world.trace).encode()).hexdigest()
    return Outcome(seed, tuple(world.wrong), digest, world.seconds, world.converged)


def outcomes(seeds: Iterable[int], processes: int = 2) -> Iterator[Outcome]:
    """Run seeds, in any number of processes; how each went, in order."""
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(outcome, seeds, chunksize=25)


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=500, metavar="N", help="run seeds 0 to N-1")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="begin with this seed")
    parser.add_argument("--processes", type=int, default=2, metavar="N")
    parser.add_argument("--seed", type=int, metavar="N", help="run this one, and print its trace")
    options = parser.parse_args()
    if options.seed is not None:
        world = World(options.seed).run()
        sys.stdout.write("\n".join(world.trace) + "\n")
        return 1 if world.wrong else 0
    began = time.monotonic()
    failed, simulated, slowest = 0, 0.0, 0.0
    for one in outcomes(range(options.first, options.first + options.seeds), options.processes):
        simulated += one.seconds
        slowest = max(slowest, one.converged)
        if one.wrong:
            failed += 1
            sys.stdout.write(f"seed {one.seed}: {one.wrong[0]}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{options.seeds} seeds, {simulated / 3600:.1f} h simulated, slowest to converge "
        f"{slowest:.1f} s; {failed} failed; {time.monotonic() - began:.0f} s\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
