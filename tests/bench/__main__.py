"""Measures tocsin part by part; `--json FILE` keeps the figures, `--compare OLD NEW` prints the ratios of two such files.

Not here: how each part is measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import accepting, codecs, core, fairness, latency, loads
from tests.bench.figures import Figures, load, render_figures, render_ratios, save

PARTS: dict[str, Callable[[float], Figures]] = {
    "core": lambda seconds: core.measure(),
    "growth": lambda seconds: core.measure_growth(),
    "codecs": lambda seconds: codecs.measure(),
    "latency": lambda seconds: latency.measure(2 * seconds),
    "loads": loads.measure,
    "fairness": fairness.measure,
    "accepting": lambda seconds: accepting.measure(seconds / 2),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part (repeatable)")
    parser.add_argument("--seconds", type=float, default=6, help="of sending for each row of loads; half of it when accepting")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("OLD", "NEW"), help="measure nothing: print ratios")
    options = parser.parse_args()
    if options.compare:
        print(render_ratios(load(options.compare[0]), load(options.compare[1])))
        return 0
    figures: Figures = {}
    for part in options.only or PARTS:
        found = PARTS[part](options.seconds)
        print(f"-- {part}\n{render_figures(found)}\n", flush=True)
        figures |= found
        if options.json:
            save(figures, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
