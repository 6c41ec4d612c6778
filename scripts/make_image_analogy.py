"""Run the image-analogy command from a checkout."""

from analogies.entry import run

run()
