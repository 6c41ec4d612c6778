"""Draw the sheets of the gallery from the example pictures."""

from analogies.gallery import run

run()
