"""Run the image-analogy command from a checkout."""

from analogies.command_line import run

run()
