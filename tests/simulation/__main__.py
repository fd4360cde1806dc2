"""`make simulate SEED=… MONTHS=…`: months of operation from a seed; what breaks is printed as the shortest inbox that still does.

Not here: the simulation itself (`months.py`), nor the seeds that always run (`tests/properties/test_months.py`).
"""

from __future__ import annotations

import argparse
import secrets
import sys

from tests.simulation.check import Broken
from tests.simulation.months import simulate
from tests.simulation.shrinking import shrink


def main() -> int:
    """Run until the time is over or something breaks; exit 1 then."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="default: another each time")
    parser.add_argument("--months", type=float, default=2.0)
    options = parser.parse_args()
    seed = secrets.randbelow(2**32) if options.seed is None else options.seed
    try:
        run = simulate(seed, options.months)
    except Broken as broken:
        print(f"seed {seed} broke after {len(broken.arrivals)} records; looking for fewer …", file=sys.stderr)
        print(f"seed {seed}: {shrink(broken)}")
        return 1
    print(f"seed {seed}: {options.months:g} months held, {run.summary()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
