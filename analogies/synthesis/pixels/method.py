"""The fine levels: B' put together from the pixels of A', guided by B and by the network's B'."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from analogies.images.scaling import scaled
from analogies.matching.field import NearestNeighborField
from analogies.matching.pixels import Guide, Settings, focused_vote, reduced, upsampled
from analogies.matching.pixels.evening import evened
from analogies.matching.pixels.guides import at_level
from analogies.matching.pixels.levels import LevelSearch
from analogies.matching.pixels.places import leaves_patches, near
from analogies.options.table import Options
from analogies.synthesis.controls import KeptPart
from analogies.synthesis.costs import LevelCost, pixel_cost
from analogies.synthesis.method import Before, Change, Given, HandedOn, Setting, Unchanged, Work
from analogies.synthesis.pixels.fields import SavedField
from analogies.synthesis.pixels.kinds import FILL, TEXTURE, Kind
from analogies.synthesis.pixels.maps import guides
from analogies.synthesis.pixels.planning import (
    FINE_PATCH,
    FOCUS,
    UNIFORMITY,
    evens,
    patch_size,
    pixel_levels,
    pixel_rounds,
    pixel_sweeps,
    refined,
)
from analogies.synthesis.pixels.sources import gathered
from analogies.synthesis.pyramid import Level
from analogies.synthesis.references import Part, References
from analogies.synthesis.state import State


class PixelScene:
    """A level of pixels: what is searched, and the search while it goes on.

    Args:
        style: A' at this level, float32 `(h, w, 3)` in [0, 255].
        guides: at this level.
        settings: of the search.
        style_weight: of A' beside the guides.
        usable: bool `(h, w)` of A', or None.
        kept: what of B' stays as it is, or None.
    """

    def __init__(
        self,
        style: np.ndarray,
        guides: Sequence[Guide],
        settings: Settings,
        style_weight: float,
        usable: np.ndarray | None,
        kept: KeptPart | None = None,
    ) -> None:
        self.style, self.guides, self.settings = style, guides, settings
        self.style_weight, self.usable, self.kept = style_weight, usable, kept
        weights = sum(float(np.mean(guide.weight)) for guide in guides)
        self.unit = settings.patch_size**2 * max(style_weight + weights, 1e-9) * 255.0**2
        self.search: LevelSearch | None = None
        self.resting = False

    def opened(self, image: np.ndarray | None, start: Any, size: tuple[int, int]) -> LevelSearch:
        """The search, begun from a picture or a field, or from nothing, where it has not been."""
        if self.search is None:
            self.search = LevelSearch(
                self.style,
                self.guides,
                self.settings,
                size=size,
                init=image,
                field=start,
                style_weight=self.style_weight,
                **self._masks(),
            )
        return self.search

    def _masks(self) -> dict[str, Any]:
        """What may be used, what is made, and what stays."""
        kept = self.kept
        made = None if kept is None else kept.made
        known = None if kept is None else kept.known
        return {"a_mask": self.usable, "b_mask": made, "known": known}

    def mean(self, values: np.ndarray) -> float:
        """The mean over the patches that are searched, of `(h, w)`."""
        if self.kept is not None:
            searched = near(self.kept.made, self.settings.patch_size, self.settings.tile) > 0
            values = values[searched] if searched.any() else values
        return float(values.mean())

    def restored(self, image: np.ndarray) -> np.ndarray:
        """B' with what stays of it in its place."""
        if self.kept is None:
            return image
        return np.where(self.kept.made[..., np.newaxis], image, self.kept.known)

    def guessed(self, size: tuple[int, int]) -> tuple[np.ndarray | None, Any]:
        """B' and a field by the guides alone, to begin from where nothing else is known.

        The vote of random places has patches of all colors of A'; where these differ more than what
        the guides show, whichever is stronger by chance would stay.
        """
        if self.search is not None or not any(np.any(guide.weight) for guide in self.guides):
            return None, None
        guides, settings = self.guides, self.settings
        with LevelSearch(
            self.style, guides, settings, size=size, style_weight=0.0, **self._masks()
        ) as search:
            search.search(0)
            search.vote()
            return search.image.copy(), search.field()

    def refine(self, uniformity: float) -> None:
        """Go on with small patches, and so much of the uniformity."""
        self.close()
        weights, uniformity = (
            self.unit / self.settings.patch_size**2,
            uniformity * self.settings.uniformity,
        )
        self.settings = replace(self.settings, patch_size=FINE_PATCH, uniformity=uniformity)
        self.unit, self.resting = FINE_PATCH**2 * weights, False

    def close(self) -> None:
        """End the search and its threads."""
        if self.search is not None:
            self.search.close()
            self.search = None


class PixelTargets(NamedTuple):
    """What a pass comes to: nothing is minimized."""

    start: np.ndarray  # (h, w, 3)
    energy: float


class PixelMethod:
    """A `Method` that searches patches of A' that look like B' and whose guides agree, and votes.

    Args:
        options: of the run.
        kind: of the job.
        references: all pictures.
        share: size of what the network makes, as a fraction of the result; None: it makes nothing.
        size_a: `(height, width)` of A and of further pairs, px, at the finest level.
        size_out: `(height, width)` of the result, px.
    """

    puts_together = True
    weights: Mapping[str, float] = {"pixels": 1.0}
    passes = 1
    evaluations = 0

    def __init__(
        self,
        options: Options,
        kind: Kind,
        references: References,
        share: float | None,
        size_a: Sequence[tuple[int, int]],
        size_out: tuple[int, int],
    ) -> None:
        self.options, self._size_out = options, size_out
        self.kind, self._guided = kind, share is not None and share < 1.0
        self.patch_size = patch_size(options, kind)
        height, width = references.arrays[0][0].shape[:2]
        self._given_a = (int(height), int(width))
        self._sources, self._parts = gathered(references, size_a, size_out, options.tiled)
        self._guides: list[Guide] | None = None
        height, width = self._sources.a.shape[:2]
        levels = pixel_levels(options, kind, (height, width), size_out, share)
        self.levels = tuple(level for level in levels if self._fits(level)) or levels[-1:]

    def set(self, references: References, level: Level, before: Before | None) -> Setting:
        """Style and guides at the level's size; see `Method.set`."""
        network = _network_picture(before)
        if self._guides is None:
            factor = 1.0
            if network is not None:
                factor = math.sqrt(math.prod(network.shape[:2]) / math.prod(self._size_out))
            self._guides = guides(
                self.kind, self._sources, network, min(factor, 1.0), self._follow(), level.wrap
            )
        number = self.levels.index(level)
        guides_here = [
            Guide(reduced(g.source, level.size_a), reduced(g.target, level.size_b), weight)
            for g in self._guides
            if (weight := at_level(g.weight, number)) > 0
        ]
        usable = self._sources.usable
        options = self.options
        settings = Settings(
            patch_size=self.patch_size,
            uniformity=UNIFORMITY * options.uniformity * self.kind.even,
            sweeps=pixel_sweeps(self.kind, level),
            engine="tensorflow" if options.device.startswith("gpu") else "compiled",
            seed=options.seed + round(-math.log2(level.scale)),
            tile=level.wrap,
        )
        scene = PixelScene(
            reduced(self._sources.a_prime, level.size_a),
            guides_here,
            settings,
            2.0 * options.mrf_w,
            None if usable is None else reduced(usable, level.size_a),
            self._kept_at(level),
        )
        return Setting(scene, self._parts_at(level))

    def _fits(self, level: Level) -> bool:
        """Whether a patch fits into what may be used of A'."""
        usable = self._sources.usable
        return usable is None or leaves_patches(reduced(usable, level.size_a), self.patch_size)

    def _kept_at(self, level: Level) -> KeptPart | None:
        kept = self._sources.kept
        if kept is None:
            return None
        made, known = (reduced(maps, level.size_b) for maps in (kept.made, kept.known))
        return KeptPart(made, known, kept.anew)

    def first(self, work: Work, references: References, given: Given) -> np.ndarray:
        """What was given; else B as the guides have it, to be seen until there is more."""
        size = work.level.size_b
        if self.kind.name == FILL.name:
            return work.scene.kept.known
        if given.image is not None:
            return scaled(given.image, size, work.level.wrap)
        if given.kind == "noise":
            random = np.random.default_rng(given.seed)
            return random.uniform(0, 255, (*size, 3)).astype(np.float32)
        colors = [guide.target for guide in work.scene.guides if guide.target.shape[2] == 3]
        return colors[0].copy() if colors else np.full((*size, 3), 127.5, np.float32)

    def next(self, work: Work, references: References, before: Before) -> np.ndarray:
        """The level before at this size, to be seen until there is more."""
        height, width = before.level.size_b
        image = np.asarray(before.state.image[:height, :width])
        return scaled(image, work.level.size_b, work.level.wrap)

    def hand_on(self, work: Work, references: References, before: Before) -> HandedOn:
        """The field on the next level's grid, and what the network made."""
        start, now = None, work.level
        if before.level.made_by == "pixels" and before.state.matches is not None:
            rows, cols, _ = before.state.matches
            sizes = before.level.size_a, now.size_a
            finer = upsampled(np.asarray(rows), np.asarray(cols), sizes, now.size_b)
            start = NearestNeighborField(*finer, np.zeros(now.size_b, np.float32))
        return HandedOn(start, _network_picture(before))

    def rounds(self, work: Work) -> int:
        """So many searches and votes, the last of the finest level with small patches."""
        return self._searches(work) + refined(self.options, self.kind, work.level)

    def _searches(self, work: Work) -> int:
        return pixel_rounds(self.options, self.kind, work.level)

    def cost(self, level: Level, index: int) -> LevelCost:
        """See `Method.cost`."""
        given = sum(guide.source.shape[2] for guide in self._sources.guides)
        return pixel_cost(self.options, self.kind, level, self._guided, given)

    def change(self, work: Work, iteration: int) -> Change:
        """None."""
        return Unchanged()

    def match(self, state: State, work: Work) -> State:
        """Search once more, while anything changes; a pass searches no more than the rounds did."""
        scene, last = work.scene, state.rounds >= self._searches(work)
        if state.rounds >= self.rounds(work) or (scene.resting and not last):
            return state
        if last:
            scene.refine(self.kind.refined or 0.0)
        image = np.asarray(state.image) if last or self._begins(state, work) else None
        start = _places(state)
        if image is None and start is None and not last:
            image, start = scene.guessed(work.level.size_b)
        search = scene.opened(image, start, work.level.size_b)
        search.search(state.rounds)
        rows, cols = search.field()
        likeness = 1.0 - np.sqrt(search.energy() / scene.unit)
        return state._replace(
            matches=NearestNeighborField(rows, cols, likeness.astype(np.float32)),
            matched_by="pixels",
            match_score=scene.mean(likeness),
        )

    def place(self, state: State, work: Work) -> State:
        """Vote B', and at the very end of a filling even its patches' colors out."""
        voted, scene, level = self._voted(state, work), work.scene, work.level
        ends, places = state.rounds == self.rounds(work) - 1, _places(voted)
        if places is None or not (ends and evens(self.options, self.kind, level)):
            return voted
        scene.close()  # makes room
        image = evened(np.asarray(voted.image), scene.style, places, scene.kept.made, level.wrap)
        return voted._replace(image=image)

    def _voted(self, state: State, work: Work) -> State:
        """B' of a vote, that with small patches by their middles, which is sharper."""
        scene, last = work.scene, state.rounds >= self._searches(work)
        if state.rounds >= self.rounds(work) or (scene.resting and not last):
            return state
        search = scene.opened(None, _places(state), work.level.size_b)
        scene.resting = not search.vote()
        energy = scene.mean(search.energy()) / scene.unit
        image = search.image.copy()
        if last:
            image = focused_vote(scene.style, search.field(), FINE_PATCH, FOCUS, work.level.wrap)
            image = scene.restored(image)
        return state._replace(image=image, loss=energy)

    def _begins(self, state: State, work: Work) -> bool:
        """Whether the search begins from the picture at the start of the level."""
        texture = self.kind == TEXTURE and state.guide is not None and state.start is None
        fill = self.kind == FILL and state.start is None
        return state.matches is None and (work.given or texture or fill)

    def targets(self, state: State, work: Work) -> PixelTargets:
        """B' as the rounds have left it."""
        work.scene.close()
        return PixelTargets(np.asarray(state.image), state.loss)

    def begin(self, image: Any) -> Any:
        """Nothing is minimized."""
        return image

    def descend(self, minimization: Any, targets: PixelTargets, evaluations: int) -> Any:
        """Nothing is minimized; see `evaluations`."""
        raise AssertionError("a method without evaluations does not descend")

    def energies(self, image: Any, targets: PixelTargets) -> dict[str, dict[str, Any]]:
        """What the search minimized: squared distance of patches, as a share of the largest."""
        return {"pixels": {"": targets.energy}}

    def shown(self, matches: Any) -> NearestNeighborField | None:
        """The field itself."""
        return matches if isinstance(matches, NearestNeighborField) else None

    def patches(self, state: State, work: Work) -> SavedField | None:
        """The field of the last level, with the way that it was voted."""
        field = self.shown(state.matches)
        if self.options.save_field is None or work.level.scale < 1.0 or field is None:
            return None
        rows, cols = np.asarray(field.rows), np.asarray(field.cols)
        last = refined(self.options, self.kind, work.level)
        return SavedField(
            rows,
            cols,
            self._given_a,
            work.level.size_a,
            FINE_PATCH if last else self.patch_size,
            FOCUS if last else 0.0,
            work.level.wrap,
        )

    def _follow(self) -> float:
        """Weight of B as a guide."""
        options = self.options
        return options.analogy_w or options.b_content_w

    def _parts_at(self, level: Level) -> tuple[Part, ...]:
        """Where the pairs lie at a level."""
        return tuple(
            part.__class__(
                part.label,
                part.whole,
                int(part.top * level.scale),
                (int(part.size[0] * level.scale), int(part.size[1] * level.scale)),
            )
            for part in self._parts
        )


def _network_picture(before: Before | None) -> np.ndarray | None:
    """What the network made, where it made anything."""
    if before is None:
        return None
    state, level = before
    if state.guide is not None or level.made_by == "pixels":
        return state.guide
    height, width = level.size_b
    return np.clip(np.asarray(state.image[:height, :width], np.float32), 0.0, 255.0)


def _places(state: State) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows and columns to begin a search from."""
    found: Any = state.start if state.matches is None else state.matches
    return None if found is None else (np.asarray(found[0]), np.asarray(found[1]))
