"""The page as a hosted Space, on a CPU: everyone who comes gets a session of their own."""

import sys

from analogies.apps.web.command import main

if __name__ == "__main__":  # the process of the runs imports this file, too
    sys.exit(main(["--listen", "0.0.0.0", "--port", "7860"]))
