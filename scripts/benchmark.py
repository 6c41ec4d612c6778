"""Run one of the benchmarks: run, quality, optimizer or matching."""

import sys

from analogies.benchmarks import main

sys.exit(main(sys.argv[1:]))
