"""Run the image-analogy command from a checkout."""

from analogies.apps.entry import run

run()
