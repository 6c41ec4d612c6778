"""What can be known of a frame before its turn is found beside the work on the one before."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def ahead(
    items: Iterable[Item], work: Callable[[Item], Found]
) -> Iterator[tuple[Item, Callable[[], Found]]]:
    """Items, each with what its work has come to, which another thread does one item ahead.

    Args:
        items: read one further than was asked for.
        work: called with each, in their order, in one thread.

    Yields:
        an item, and what waits for its work and returns it, or raises what that has raised.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        waiting: list[tuple[Item, Callable[[], Found]]] = []
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item).result))
                if len(waiting) > 1:
                    yield waiting.pop(0)
            yield from waiting
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
