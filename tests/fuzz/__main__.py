"""``python -m tests.fuzz [TARGET] [--seconds N]``: the long form, guided by coverage."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import atheris


def main() -> int:
    """List the targets, or fuzz one until the time is over or it fails (exit 77)."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", nargs="?")
    parser.add_argument("--seconds", type=int, default=60)
    wanted = parser.parse_args()
    with atheris.instrument_imports(include=["broker"]):
        from tests.fuzz.targets import CORPUS, TARGETS
    if wanted.target is None:
        print("\n".join(TARGETS))
        return 0
    target, seeds = TARGETS[wanted.target], CORPUS / wanted.target
    found = Path("test-output") / "fuzz" / wanted.target
    found.mkdir(parents=True, exist_ok=True)
    # An input may take 1 s and 512 MB: far beyond what 64 KiB of anything should.
    limits = ["-max_len=65536", "-timeout=1", "-rss_limit_mb=512"]
    ends = [f"-max_total_time={wanted.seconds}", f"-artifact_prefix={seeds}{os.sep}"]
    atheris.Setup([sys.argv[0], str(found), str(seeds), *ends, *limits], target)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
