"""What can be asked of learning an analogy, beside what its `Options` say of B'.

>>> LearningOptions(minutes="2.5").minutes
2.5
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

from analogies.options.kinds import Kind, check, kind_of, option

GROUP = "a network that learns the analogy"


@dataclass(frozen=True, kw_only=True)
class LearningOptions:
    """The checked options of a learning run.

    Raises:
        OptionError: (an `InputError`) naming the option, its valid values and what was received.
    """

    # fmt: off
    examples: str | None = option(
        None, GROUP, "text", "Folder of pictures like those that the network is for, label maps or "
        "photographs. The program makes their B' first, keeps them in NET.examples/, and the "
        "network learns from them, too.", metavar="FOLDER",
    )
    minutes: float = option(
        5.0, GROUP, "number", "How long to learn; with --examples, making their B' is part of it, "
        "but a third is left for learning.",
        unit="minutes", above=0, maximum=10000, metavar="N",
    )
    net_size: str = option(
        "small", GROUP, "choice", "Size of the network; large takes twice as long to learn and "
        "to use.", choices=("small", "large"),
    )
    learn_steps: int | None = option(
        None, GROUP, "integer", "Learn for so many steps instead of for --minutes: the same bytes "
        "each time.", minimum=1, maximum=10**7, metavar="N",
    )
    # fmt: on

    def __post_init__(self) -> None:
        for name, kind in learning_kinds().items():
            object.__setattr__(self, name, check(name, getattr(self, name), kind))

    def as_dict(self) -> dict[str, Any]:
        """All options as JSON can hold them."""
        return dataclasses.asdict(self)


def learning_kinds() -> dict[str, Kind]:
    """{option's name: its `Kind`} in the order of the table."""
    return {field.name: kind_of(field) for field in dataclasses.fields(LearningOptions)}


def learning_defaults() -> dict[str, Any]:
    """{option's name: its default}."""
    return {field.name: field.default for field in dataclasses.fields(LearningOptions)}
