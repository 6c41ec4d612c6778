"""What joint matching does on the device: a handful of steps, each traced once for all sizes."""

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tensorflow as tf

from analogies.images.colors import match_colors
from analogies.images.resampling import pad_to_multiple, resize
from analogies.matching import NearestNeighborField, coverage, match, middles, vote
from analogies.matching.true_scores import similarities
from analogies.options.table import SMALLEST_SIDE, Options
from analogies.synthesis.descent import BOUNDS, descend
from analogies.synthesis.graphs import ANY_MAP, COUNT, FIELD, SIZE, Step
from analogies.synthesis.joint import maps, pixel_rule
from analogies.synthesis.joint.maps import Maps
from analogies.synthesis.joint.objective import Objective, Targets
from analogies.synthesis.joint.views import Seen
from analogies.synthesis.network import IMAGE
from analogies.synthesis.pyramid import JOINT_CHANNELS, affordable_pairs
from analogies.tracing import Traced

if TYPE_CHECKING:
    from analogies.synthesis.joint.pieces import Pieces

WINDOW_SIGMA = 0.4  # cells; how fast the weight of a voted patch falls off from its middle
MOST_USAGE = 8.0  # use beyond this many times the even one counts no more
WARM_SWEEPS = 2  # of PatchMatch, from the matches of the round or the level before


class Scene(NamedTuple):
    """All that does not change while a level is worked on. Images are padded to whole cells."""

    residual: tf.Tensor  # (h, w, 3), what is voted: A' without what A explains
    base: tf.Tensor  # (h2, w2, 3), what the votes are added to
    reference: tf.Tensor  # (h / cell, w / cell, c), joint map of A and A'
    guide: tf.Tensor  # (h2 / cell, w2 / cell, c'), the part of the query that B gives; with margins
    norms: Maps  # {layer: typical norm in A'}
    maps: Maps  # {layer: (h / stride, w / stride, c)} of A'
    content: Maps  # the same of B, layers of the content loss
    style: Maps  # {layer: Gram matrix of A'}, layers of the style loss
    explained: tf.Tensor  # scalar, see Prediction
    variance: tf.Tensor
    axes: Maps  # {layer: (channels, n)}, what the layers of B' are projected on to be matched
    bias: Maps  # "": (m, n, 1), of the reference's patches, where some are not to be used


class JointSteps:
    """The computations of a run with one field for all layers, for one set of options.

    Args:
        options: decides layers, weights and how patches are matched.
        transfer: "residual": B' is what A explains of A', applied to B, plus voted residuals;
            "picture": B' is voted from A' itself.
        objective: what is minimized, and how pictures are looked at: whole or in pieces.
    """

    def __init__(self, options: Options, transfer: str, objective: "Objective | Pieces") -> None:
        self.options, self.transfer, self.objective = options, transfer, objective
        network = objective.network
        self.strides, self.channels = network.strides, network.channels
        self.multiple = max(self.strides.values())
        self.smallest_side = max(SMALLEST_SIDE, 2 * self.multiple)  # no map is one cell thin
        weighted = options.layers()
        matched = [weighted.get(name, ()) for name in ("analogy_layers", "mrf_layers")]
        self.matched = tuple(dict.fromkeys(name for names in matched for name in names))
        self.matched = self.matched or network.layers  # nothing is voted then
        channels = 3 + sum(self.channels[name] for name in self.matched)
        self.cell_pairs = affordable_pairs(channels)
        self.gaps = options.confidence is not None or options.patch_stride > options.patch_size
        self.margins = tuple((options.patch_size - 1) * wraps for wraps in options.tiled)
        k = np.arange(options.patch_size) - (options.patch_size - 1) / 2
        window = np.exp(-(k[:, None] ** 2 + k[None] ** 2) / (2 * WINDOW_SIGMA**2))
        self.window = tf.constant(window / window.max() + 1e-6, tf.float32)
        self._resize = Traced(_fit, [IMAGE, SIZE])
        self._resize_b = self._resize
        if any(options.tiled):
            self._resize_b = Traced(partial(_fit, wrap=options.tiled), [IMAGE, SIZE])
        self._predict = Traced(pixel_rule.predict, [IMAGE] * 3)
        # Shared by the steps, so that each is traced once and not once per use.
        self._votes = Traced(self._vote_cells, [FIELD, ANY_MAP, SIZE, COUNT, COUNT])
        composed = not objective.in_one_graph
        self.set_scene = Step(self._set_scene, composed)
        self.search = Step(self._search, composed)
        self.search_guide = Step(self._search_guide, composed)
        self.place = Step(self._place, composed)
        self.aim = Step(self._aim, composed)
        self.usage = Step(self._usage)
        self.energies = Step(objective.energies)
        self.descend = Step(partial(descend, objective))

    # --- once per level ---------------------------------------------------------------------

    def _set_scene(self, a, a_prime, b, size_a, size_b, cell) -> Scene:
        """Everything that a level needs of A, A' and B, given at their full sizes."""
        a, a_prime = self._resize(a, size_a), self._resize(a_prime, size_a)
        b = self._resize_b(b, size_b)
        if self.transfer == "picture":
            b = match_colors(b, a)
        fitted = self._predict(a, a_prime, b)
        if self.transfer == "picture":
            fitted = pixel_rule.Prediction(
                tf.zeros_like(a), tf.zeros_like(b), fitted.explained * 0.0, fitted.variance
            )
        a, a_prime, b, base, predicted = (
            self.pad(image, cell) for image in (a, a_prime, b, fitted.b, fitted.a)
        )
        seen, seen_a, seen_b = self.look(a_prime), self.look(a), self.look_at_b(b)
        return self.scene_of(seen_a, seen, seen_b, cell, a_prime - predicted, base, fitted)

    def scene_of(self, seen_a, seen, seen_b, cell, residual, base, fitted, bias=None) -> Scene:
        """A scene from what is seen of A, A' and B, padded.

        Args:
            fitted: says what A explains of A'; a `Prediction` or a `Rule`.
            bias: of the reference's patches, `(m, n)`, where some are not to be used.
        """
        norms, norms_a = seen.norms(self.matched), seen_a.norms(self.matched)
        guide_weight, own_weight = self._match_weights()
        guide_axes, axes = self._axes(seen_a, norms_a, cell), self._axes(seen, norms, cell)
        guide = self._rounded(guide_weight * seen_b.joint(norms_a, cell, guide_axes))
        guide = self._with_margins(guide)
        reference = [
            self._rounded(guide_weight * seen_a.joint(norms_a, cell, guide_axes)),
            self._rounded(own_weight * seen.joint(norms, cell, axes)),
        ]
        options = self.options
        content = options.content_layers if options.b_content_w else ()
        style = options.nstyle_layers if options.nstyle_w else ()
        return Scene(
            residual=residual,
            base=base,
            reference=tf.concat(reference, -1),
            guide=guide,
            norms=norms,
            maps=seen.maps(self.voted()),
            content=seen_b.maps(content),
            style=seen.grams(style),
            explained=fitted.explained,
            variance=fitted.variance,
            axes=axes,
            bias={} if bias is None else {"": bias[..., tf.newaxis]},
        )

    def guided(self, scene: Scene, of_a, of_b, cell) -> Scene:
        """A scene in whose matching guides count, too.

        Args:
            of_a, of_b: maps of A and of B, `(h, w, g)`, as large as those at the level; see
                `synthesis.guides`.
        """
        return self.with_guides(scene, self.grid(of_a, cell), self.grid(of_b, cell))

    def grid(self, values, cell):
        """Guides on the grid, `(h / cell, w / cell, g)`: their means over cells."""
        guide, own = self._match_weights()
        scale = maps.FULL_PIXEL * (guide or own or 1.0)
        return self._rounded(scale * maps.to_grid(self.pad(values, cell), cell, 1))

    def with_guides(self, scene: Scene, of_a, of_b) -> Scene:
        """A scene with guides, on the grid, beside what B and A show."""
        count = tf.shape(scene.guide)[-1]
        parts = scene.reference[..., :count], of_a, scene.reference[..., count:]
        reference = tf.concat(parts, -1)
        guide = tf.concat([scene.guide, of_b], -1)
        channels = scene.reference.shape[-1] + of_a.shape[-1]
        return scene._replace(
            reference=tf.ensure_shape(reference, (None, None, channels)), guide=guide
        )

    def pad(self, image, cell):
        """Extend an image to whole cells of the coarsest layer and of the grid."""
        return pad_to_multiple(image, tf.maximum(cell, self.multiple))

    def look(self, image) -> Seen:
        """What the network sees of an image `(H, W, 3)`."""
        return self.objective.look(image)

    def look_at_b(self, image) -> Seen:
        """What it sees of B or of B'."""
        return self.objective.look_at_b(image)

    def unused(self, scene: Scene) -> tf.Tensor:
        """The usage before the first match."""
        sides = tf.shape(scene.reference)[:2] - self.options.patch_size + 1
        return tf.zeros(tf.concat([sides, [1]], 0))

    def voted(self) -> tuple[str, ...]:
        """The layers whose maps are voted; none where nothing would be made of matches."""
        options = self.options
        names = options.analogy_layers if options.analogy_w else ()
        names += options.mrf_layers if options.mrf_w else ()
        return tuple(dict.fromkeys(names))

    def _axes(self, seen, norms: Maps, cell) -> Maps:
        """What the layers of a joint map are projected on."""
        channels = {name: self.channels[name] for name in norms}
        finest = min(self.strides[name] for name in norms)
        joint = seen.joint(norms, tf.maximum(cell, finest))
        return maps.principal_axes(joint, channels, JOINT_CHANNELS - 3)

    def _rounded(self, values):
        """What is matched, to the precision asked for.

        It stays float32: products of bfloat16 numbers are exact in the TF32 that GPUs multiply
        float32 matrices in, and their sums stay float32, which TensorFlow's bfloat16 products lose.
        """
        if self.options.precision == "float32":
            return values
        return tf.cast(tf.cast(values, tf.bfloat16), tf.float32)

    def _match_weights(self) -> tuple[float, float]:
        """Factors of the guide's and the result's part of the joint map; their ratio counts."""
        options = self.options
        return options.analogy_w**0.5, (maps.COHERENCE * options.mrf_w) ** 0.5

    # --- once per round or pass -------------------------------------------------------------

    def _search(
        self, image, scene: Scene, cell, coherence, usage, start=None
    ) -> NearestNeighborField:
        """Match B and B' in A and A'; scores are similarities, see there.

        Args:
            image: B' so far, padded, `(h2, w2, 3)`.
            coherence: 1.0, or 0.0 to match by the guide alone, where only the graph knows which;
                else `search_guide` does it for less.
            usage: `(h / cell - k + 1, w / cell - k + 1, 1)`, how much each patch of A' is used, see
                `usage`; patches in much use are matched less.
            start: matches to start PatchMatch from; without patches: from nothing. None: exact.
        """
        _, own_weight = self._match_weights()
        norms = {name: scene.norms[name] for name in self.matched}
        own = self.look_at_b(image).joint(norms, cell, scene.axes)
        own = self._with_margins(self._rounded(own_weight * own))
        channels = tf.shape(scene.guide)[-1]
        mask = tf.concat([tf.ones(channels), tf.fill([tf.shape(own)[-1]], coherence)], 0)
        query = tf.concat([scene.guide, own], -1) * mask
        return self._nearest(query, scene.reference * mask, scene, usage, start)

    def _search_guide(self, scene: Scene, usage, start=None) -> NearestNeighborField:
        """`search` with a coherence of 0, which needs no B'."""
        reference = scene.reference[..., : scene.guide.shape[-1]]
        return self._nearest(scene.guide, reference, scene, usage, start)

    def _nearest(self, query, reference, scene: Scene, usage, start) -> NearestNeighborField:
        """Match one joint map, or half of one, in another."""
        k, stride = self.options.patch_size, self.options.patch_stride
        bias = -self.options.uniformity * k**2 * self._unit() * usage[..., 0]
        if scene.bias:
            bias += scene.bias[""][..., 0]
        search = partial(
            match,
            query,
            reference,
            k,
            "exact" if start is None else "patchmatch",
            score="distance",
            reference_bias=bias if self.options.uniformity or scene.bias else None,
            query_stride=stride,
            reference_stride=stride,
            seed=self.options.seed,
        )
        if start is None:
            found = search()
        else:
            found = tf.cond(
                tf.size(start.rows) > 0, lambda: search(initial=start, sweeps=WARM_SWEEPS), search
            )
        return similarities(found, query, reference, bias, k, stride)

    def _usage(self, field: NearestNeighborField, scene: Scene) -> tf.Tensor:
        """How much each patch of A' is in use, in units of an even use of all, `(m, n, 1)`.

        The occurrence map of Kaspar et al. (2015), "Self Tuning Texture Optimization", per patch.
        """
        k = self.options.patch_size
        patches = tf.shape(scene.reference)[:2] - k + 1
        places = self._once(tf.stack([field.rows, field.cols], -1))
        counts = tf.scatter_nd(places, tf.ones(tf.shape(places)[:2]), patches)
        usable = tf.cast(tf.size(counts), tf.float32)
        if scene.bias:
            usable = tf.reduce_sum(tf.cast(scene.bias[""] == 0.0, tf.float32))
        counts *= usable / tf.cast(tf.reduce_prod(tf.shape(places)[:2]), tf.float32)
        near = tf.nn.avg_pool2d(counts[tf.newaxis, ..., tf.newaxis], k, 1, "SAME")
        return tf.minimum(near[0], MOST_USAGE)

    def _unit(self) -> float:
        """Squared distance of two unrelated cells of the joint map, about."""
        guide, own = self._match_weights()
        return guide**2 + own**2

    def _place(self, field: NearestNeighborField, scene: Scene, cell, image) -> tf.Tensor:
        """B' made of the matched patches: base plus voted residuals, `(h2, w2, 3)`.

        Args:
            image: B' so far; it stays where nothing is voted.
        """
        residual = self._vote(field, scene.residual, scene, cell, 1, image - scene.base)
        return tf.clip_by_value(scene.base + residual, *BOUNDS)

    def unmatched(self, scene: Scene) -> Targets:
        """Targets of a pass where nothing is matched."""
        rest = scene.base, scene.explained, scene.variance
        return Targets({}, scene.content, scene.style, *rest)

    def _aim(self, field: NearestNeighborField, scene: Scene, cell, image) -> Targets:
        """Targets of a pass whose matches are held: what `image` shows where nothing is voted."""
        own = self.look_at_b(image).maps(scene.maps) if self.gaps else {}
        voted = {
            name: self._vote(field, values, scene, cell, self.strides[name], own.get(name))
            for name, values in scene.maps.items()
        }
        start = self._place(field, scene, cell, image)
        return Targets(voted, scene.content, scene.style, start, scene.explained, scene.variance)

    def _vote(self, field, values, scene: Scene, cell, stride: int, own):
        """Vote a map of a stride in px; `own` stays where nothing is voted."""

        def voted(values, own):
            return self._vote_channels(field, values, scene, cell, stride, own)

        return self.objective.by_channels(voted, values, own)

    def _vote_channels(self, field, values, scene: Scene, cell, stride: int, own):
        shrink, grow = tf.maximum(cell // stride, 1), tf.maximum(stride // cell, 1)
        fine, shape = maps.to_grid(values, 1, grow), tf.shape(scene.guide)[:2]
        voted = self._votes(field, fine, shape, shrink, grow)
        voted = tf.ensure_shape(voted, (None, None, values.shape[-1]))
        voted = maps.to_grid(self._without_margins(voted, shrink), grow, 1)
        if not self.gaps:
            return voted
        counts = coverage(field, self.options.patch_size, shape, **self._counted())
        counts = self._without_margins(counts, 1)
        return maps.keep_uncovered(voted, own, counts, shrink, grow)

    def _vote_cells(self, field, values, shape, scale, grow) -> tf.Tensor:
        """Vote, of patches with a window that falls off, only what the window leaves of them.

        That is the cells next to the middle one, and where the votes of many cells are averaged
        afterwards, `grow` by `grow`, the middle one.
        """
        k, window = self.options.patch_size, self.window
        if not self.gaps and self.options.patch_stride == 1:
            least = 1 if k % 2 else 2
            size = tf.where(grow > 1, least, min(k, least + 2))
            field = middles(field, k, size, shape)
            margin = (k - size) // 2
            window = window[margin : margin + size, margin : margin + size]
            k = size
        return vote(field, values, k, shape, scale=scale, window=window, **self._counted())

    def _with_margins(self, cells):
        """A map of B or B' with a margin of its other side, as wide as patches need that cross it.

        Each patch across the seam is then there once at either side, and all that is voted within
        the margins is voted by whole patches.
        """
        for axis, margin in enumerate(self.margins):
            if margin:
                side = tf.shape(cells)[axis]
                cells = tf.gather(cells, tf.range(-margin, side + margin) % side, axis=axis)
        return cells

    def _once(self, values):
        """Of what there is for each patch, `(m, n, ...)`, without the second of those that cross.

        Counted twice, the patches across the seam would be in more use than they are, and make way
        for worse ones.
        """
        for axis, margin in enumerate(self.margins):
            if margin:
                values = tf.gather(values, tf.range(margin, tf.shape(values)[axis]), axis=axis)
        return values

    def _without_margins(self, values, scale):
        """The middle of a map that was voted with margins of so many cells each."""
        for axis, margin in enumerate(self.margins):
            if margin:
                side = tf.shape(values)[axis]
                inside = tf.range(margin * scale, side - margin * scale)
                values = tf.gather(values, inside, axis=axis)
        return values

    def _counted(self) -> dict[str, Any]:
        """Which matches are voted."""
        return {"query_stride": self.options.patch_stride, "threshold": self.options.confidence}


def _fit(image, size, wrap=(False, False)):
    """`resize`, which costs more per pixel the larger the image, only where it changes anything."""
    same = tf.reduce_all(tf.shape(image)[:2] == size)
    return tf.cond(same, lambda: tf.identity(image), lambda: resize(image, size, wrap=wrap))
