import re
from pathlib import Path

from analogies.options.kinds import spelled
from analogies.options.table import kinds

CHECKOUT = Path(__file__).resolve().parents[2]
TEXT = (CHECKOUT / "README.md").read_text()


def test_every_option_is_named():
    missing = [spelled(name) for name in kinds() if f"`{spelled(name)}`" not in TEXT]
    assert missing == []


def test_pictures_and_files_that_it_shows_are_there():
    targets = re.findall(r"\]\(([^)]+)\)", TEXT)
    local = [target for target in targets if "://" not in target]
    assert local
    assert [target for target in local if not (CHECKOUT / target.partition("#")[0]).exists()] == []
