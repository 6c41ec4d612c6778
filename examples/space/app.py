"""The page as a hosted Space, on a CPU: everyone who comes gets a session of their own."""

import sys
from pathlib import Path

from analogies.apps.web.command import main

NETS = Path(__file__).resolve().parent / "nets"  # networks for the tab Fast, if there are any

if __name__ == "__main__":  # the process of the runs imports this file, too
    nets = ["--nets", str(NETS)] if NETS.is_dir() else []
    sys.exit(main(["--listen", "0.0.0.0", "--port", "7860", *nets]))
