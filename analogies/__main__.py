"""`python -m analogies`: the command."""

from analogies.apps.entry import run

if __name__ == "__main__":
    run()
