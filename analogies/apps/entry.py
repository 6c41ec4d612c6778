"""Where the commands begin: quiet about signals that come before the program does."""

from typing import NoReturn

from analogies.runs.machine import streams
from analogies.runs.machine.signals import quit_on_signals


def run() -> NoReturn:
    """Run the command. Importing it takes a third of a second, in which Ctrl-C may come."""
    streams.secure()
    quit_on_signals(b"make_image_analogy.py: interrupted before there was a picture\n")
    from analogies.apps import command_line

    command_line.run()


if __name__ == "__main__":
    run()
