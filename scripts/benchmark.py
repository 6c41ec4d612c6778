"""Run one of the benchmarks; `--help` names them."""

import sys

from benchmarks import main

sys.exit(main(sys.argv[1:]))
