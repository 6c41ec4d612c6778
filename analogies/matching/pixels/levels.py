"""One level of pixel synthesis: rounds of search and vote, together and each alone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from analogies.errors import InputError
from analogies.matching.pixels.guides import (
    Guide,
    Settings,
    Synthesized,
    as_map,
    at_level,
    checked,
)
from analogies.matching.pixels.kept import as_kept
from analogies.matching.pixels.maps import joint_maps
from analogies.matching.pixels.places import allowed_places, joined, random_field

if TYPE_CHECKING:
    from analogies.matching.pixels.compiled import CompiledLevel
    from analogies.matching.pixels.graph_level import GraphLevel

Field = tuple[np.ndarray, np.ndarray]


class Masks(NamedTuple):
    """Which pixels are used, which are made, and those that stay; see `synthesize_level`."""

    usable: np.ndarray | None = None
    made: np.ndarray | None = None
    known: np.ndarray | None = None


def synthesize_level(
    style: np.ndarray,
    guides: Sequence[Guide] = (),
    settings: Settings | None = None,
    *,
    size: tuple[int, int] | None = None,
    init: np.ndarray | None = None,
    field: Field | None = None,
    style_weight: float = 1.0,
    a_mask: np.ndarray | None = None,
    b_mask: np.ndarray | None = None,
    known: np.ndarray | None = None,
    on_round: Callable[[int, Synthesized], bool | None] | None = None,
) -> Synthesized:
    """Make B' of patches of A' at one size: search matches, vote, and again.

    Arguments:
        style: A', uint8 or float `(hA, wA)` or `(hA, wA, c)`.
        guides: What A' and B' show at this level.
        settings: How to search; None for the defaults.
        size: Height and width of B'; needed only without guides.
        init: `(h, w, c)`, what B' looks like at the start. None: what the field votes.
        field: Rows and columns `(h, w)` of the matches at the start, as `upsampled` gives them.
            Those that are not allowed are moved. None: random ones.
        style_weight: What squared differences between A' and B' count, shared by the channels.
        a_mask: `(hA, wA)`, where A' may be used; patches must lie inside it.
        b_mask: `(h, w)`, where B' is made; patches that show nothing of it are not searched.
        known: `(h, w, c)`, with `b_mask`: B' in the range of A'; where the mask is False it stays,
            and the patches that reach over the border fit to it.
        on_round: Called after each vote with the number of the round and what there is; the level
            ends where it returns True.

    Returns:
        B' after the last vote, with the energies of the field for this B'; they are 0, and the
        field says nothing, where nothing is searched.

    Raises:
        InputError: for inputs that do not go together.
    """
    settings = settings or Settings()
    masks = Masks(a_mask, b_mask, known)
    with _level(style, guides, settings, size, init, field, style_weight, masks) as level:
        for number in range(settings.rounds):
            level.search(settings.sweeps, (settings.seed, number))
            going = level.vote(settings.still)
            stop = on_round is not None and on_round(number, _result(level))
            if stop or not going:
                break
        return _result(level)


def search(
    style: np.ndarray,
    guides: Sequence[Guide],
    image: np.ndarray,
    settings: Settings | None = None,
    *,
    field: Field | None = None,
    style_weight: float = 1.0,
    a_mask: np.ndarray | None = None,
    number: int = 0,
) -> Synthesized:
    """Match every patch of B' as it is, without a vote; `settings.sweeps` sweeps.

    Arguments:
        image: B', `(h, w, c)`.
        number: Of the round, so that each draws other candidates.

    The others and errors are those of `synthesize_level`.

    Returns:
        The field and its energies, and B' as given.
    """
    settings = settings or Settings()
    size, masks = (np.shape(image)[0], np.shape(image)[1]), Masks(a_mask)
    with _level(style, guides, settings, size, image, field, style_weight, masks) as level:
        level.search(settings.sweeps, (settings.seed, number))
        return _result(level)


def vote(
    style: np.ndarray,
    rows: np.ndarray,
    cols: np.ndarray,
    patch_size: int = 5,
    tile: tuple[bool, bool] = (False, False),
) -> np.ndarray:
    """float32 `(h, w, c)`: the mean of what all matched patches over each pixel show there.

    Arguments:
        style: A', `(hA, wA)` or `(hA, wA, c)`.
        rows, cols: `(h, w)`, middles of the matched patches.
        patch_size: 3, 5 or 7.
        tile: as `Settings.tile`.
    """
    size = (np.shape(rows)[0], np.shape(rows)[1])
    settings = Settings(patch_size=patch_size, tile=tile)
    with _level(style, (), settings, size, None, (rows, cols), 1.0, Masks()) as level:
        return level.image


class LevelSearch:
    """A level that is worked on round by round, by whoever wants to see it in between.

    Arguments and errors are those of `synthesize_level`. `close` it, or use it as a context.
    """

    def __init__(
        self,
        style: np.ndarray,
        guides: Sequence[Guide] = (),
        settings: Settings | None = None,
        *,
        size: tuple[int, int] | None = None,
        init: np.ndarray | None = None,
        field: Field | None = None,
        style_weight: float = 1.0,
        a_mask: np.ndarray | None = None,
        b_mask: np.ndarray | None = None,
        known: np.ndarray | None = None,
    ) -> None:
        self._settings, masks = settings or Settings(), Masks(a_mask, b_mask, known)
        self._stack = ExitStack()
        opened = _level(style, guides, self._settings, size, init, field, style_weight, masks)
        self._level = self._stack.enter_context(opened)

    def search(self, number: int) -> None:
        """The search of a round, `settings.sweeps` sweeps."""
        self._level.search(self._settings.sweeps, (self._settings.seed, number))

    def vote(self) -> bool:
        """Vote B'; whether there is anything left to search."""
        return self._level.vote(self._settings.still)

    @property
    def image(self) -> np.ndarray:
        """B', float32 `(h, w, c)`, changed by the next vote."""
        return self._level.image

    def field(self) -> Field:
        """Rows and columns of the matches, int32 `(h, w)`."""
        rows, cols = np.divmod(self._level.places, np.int32(self._level.width))
        return rows, cols

    def energy(self) -> np.ndarray:
        """float32 `(h, w)`: see `Synthesized.energy`."""
        return self._level.measured()

    def close(self) -> None:
        """End its threads."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _level(
    style: np.ndarray,
    guides: Sequence[Guide],
    settings: Settings,
    size: tuple[int, int] | None,
    init: np.ndarray | None,
    field: Field | None,
    style_weight: float,
    masks: "Masks",
) -> "Iterator[CompiledLevel | GraphLevel]":
    if size is None and not guides:
        start = init if init is not None else field[0] if field is not None else None
        size = None if start is None else np.shape(start)[:2]
    style, guides, size = checked(style, guides, size, settings.patch_size)
    image = None if init is None else as_map(init, "B' at the start")
    if image is not None and image.shape != (*size, style.shape[2]):
        raise InputError(
            f"B' at the start must have the shape {(*size, style.shape[2])}."
            f" Received: {image.shape}."
        )
    kept = as_kept(masks.made, masks.known, size, style.shape[2])
    if kept is not None and image is not None:
        image = kept.restored(image)
    allowed = allowed_places(style.shape[:2], settings.patch_size, masks.usable)
    if field is None:
        places = random_field(allowed, size, settings.seed)
    else:
        if np.shape(field[0]) != size or np.shape(field[1]) != size:
            raise InputError(
                f"The rows and columns of a field must have the shape {size}."
                f" Received: {np.shape(field[0])} and {np.shape(field[1])}."
            )
        places = joined(np.asarray(field[0]), np.asarray(field[1]), allowed, settings.seed)
    weights = [style_weight, *(at_level(guide.weight, 0) for guide in guides)]
    if settings.engine == "tensorflow":
        from analogies.matching.pixels.graph_level import GraphLevel

        yield GraphLevel(style, guides, weights, allowed, places, image, settings, kept)
        return
    # Numba takes half a second to import.
    from analogies.matching.pixels.compiled import CompiledLevel, workers

    maps = joint_maps(style, guides, weights, size, settings.patch_size, settings.tile)
    with workers(settings.threads) as each:
        yield CompiledLevel(maps, style, allowed, places, image, settings, each, kept)


def _result(level: "CompiledLevel | GraphLevel") -> Synthesized:
    rows, cols = np.divmod(level.places, np.int32(level.width))
    return Synthesized(level.image.copy(), rows, cols, level.measured())
