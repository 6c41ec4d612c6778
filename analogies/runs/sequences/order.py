"""In which order frames are made: forward, but what lies before the first key frame backward."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
CHUNK = 16  # frames that are in memory at once where they are read backward


@dataclass(frozen=True)
class Order:
    """The order of frames.

    Attributes:
        numbers: of the frames, as they are shown.
        keys: of those that are given, ascending.
    """

    numbers: range
    keys: tuple[int, ...] = ()

    def segments(self) -> list[range]:
        """Numbers in the order in which they are made; the first key frame comes twice, if any
        lie before it."""
        if not self.keys or self.keys[0] == self.numbers[0]:
            return [self.numbers]
        first, step = self.keys[0], self.numbers.step
        back = range(first, self.numbers[0] - 1, -step)
        return [back, range(first, self.numbers[-1] + 1, step)]

    def __len__(self) -> int:
        return sum(map(len, self.segments()))

    def rest(self, done: int) -> Iterator[range]:
        """What is left when so many are made."""
        for segment in self.segments():
            if done < len(segment):
                yield segment[done:]
            done = max(done - len(segment), 0)

    def made(self, done: int) -> list[int]:
        """The first numbers of the order."""
        return [number for segment in self.segments() for number in segment][:done]

    def keys_around(self, number: int) -> tuple[int | None, int | None]:
        """The key frames before and behind a frame."""
        before = [key for key in self.keys if key < number]
        after = [key for key in self.keys if key > number]
        return (before[-1] if before else None), (after[0] if after else None)


def backwards(read: Callable[[range], Iterator[T]], numbers: range) -> Iterator[T]:
    """What is read of descending numbers, a few at a time.

    Args:
        read: takes ascending numbers.
        numbers: descending.
    """
    for start in range(0, len(numbers), CHUNK):
        yield from reversed(list(read(numbers[start : start + CHUNK][::-1])))
