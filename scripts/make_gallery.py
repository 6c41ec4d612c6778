"""Draw the sheets of the gallery from the example pictures."""

from gallery import run

run()
