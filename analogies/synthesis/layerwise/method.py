"""The stages of `--match-mode layer`: one field per layer and the losses of image-analogies.

    E =   analogy_w / n  sum_l sum (F_l(B') - T_l)^2    T_l: F_l(A') voted through NNF(B -> A)
        + mrf_w / n      sum_l sum (F_l(B') - V_l)^2    V_l: F_l(A') voted through NNF(B' -> A')
        + b_content_w / n  sum_l sum (F_l(B') - F_l(B))^2
        + nstyle_w / n   sum_l sum (G_l(B') - G_l(A'))^2 / (4 * 3^2 * pixels^2)
        + tv_w           sum (dx^2 + dy^2)^1.25

with n the number of the term's layers: Wentz's neural image analogies (2016), with sums over cells
and channels. T is fixed per level. This differs from image-analogies: V is matched once per pass
and held while it is minimized, not at every evaluation. See `stages` for the other mode, in which
all layers share one field.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from analogies.images.colors import match_colors
from analogies.images.resampling import resize
from analogies.losses import sums
from analogies.matching import NearestNeighborField, coverage, match, vote
from analogies.options.table import SMALLEST_SIDE, Options
from analogies.synthesis.joint.method import Maps, Stages

# The weights are meant for the features of VGG16 as Caffe has it, which are some hundred times as
# strong as those of the networks that come normalized. With this factor --tv-w 1 smooths alike.
NORMALIZED_STRENGTH = 300.0

SWEEPS = (15, 5)  # of PatchMatch: for the analogy, for the coherence; image-analogies' numbers

Fields = dict[str, NearestNeighborField]


class Term(NamedTuple):
    """A part of the loss: `weight` times the sum over its layers."""

    weight: float
    layers: tuple[str, ...]


class Target(NamedTuple):
    """What a layer's map of B' should be.

    The loss is `sum_p weight[p] sum_c (x - mean)[p, c]^2 + spread`.
    """

    mean: tf.Tensor  # (h, w, c)
    weight: tf.Tensor  # (h, w, 1), 0 where no patch lies
    spread: tf.Tensor  # scalar


class LayerScene(NamedTuple):
    """All that does not change while a level is worked on."""

    reference: Maps  # {layer: (h / stride, w / stride, c)} of A', layers of the coherence
    analogy: dict[str, Target]
    fields: Fields  # of the analogy, B in A
    content: Maps  # of B
    style: Maps  # {layer: Gram matrix of A', sums}
    size: tf.Tensor  # (2,), B' in px
    bias: Maps  # {layer: (m, n, 1)}, of the reference's patches, where some are not to be used


class LayerTargets(NamedTuple):
    """What one pass minimizes towards."""

    analogy: dict[str, Target]
    mrf: dict[str, Target]
    content: Maps
    style: Maps


class LayerStages(Stages):
    """The computations of a run in `--match-mode layer`; pictures are not padded."""

    ftol = 2.2e-9  # SciPy's, which image-analogies runs with

    def __init__(self, options: Options) -> None:
        super().__init__(options, "picture")
        self.losses: dict[str, Any] = _terms(options)
        # A level must hold a patch in the map of the coarsest layer.
        self.smallest_side = max(SMALLEST_SIDE, max(2, options.patch_size) * self.multiple)
        self.cell_pairs = float("inf")  # no grid of cells is matched
        self.method = options.model
        given = options.analogy_nnf_steps, options.mrf_nnf_steps
        self.sweeps = tuple(
            usual if steps is None else steps for steps, usual in zip(given, SWEEPS, strict=True)
        )
        self.strength = NORMALIZED_STRENGTH if self.model.padding == "reflect" else 1.0

    # --- once per level ---------------------------------------------------------------------

    def set_scene(self, a, a_prime, b, size_a, size_b, cell):
        """Everything that a level needs of A, A' and B, given at their full sizes."""
        del cell
        a, a_prime, b = resize(a, size_a), resize(a_prime, size_a), resize(b, size_b)
        maps, maps_b = self.features(a_prime), self.features(b)
        maps_a = self.features(a) if self.options.analogy_w else {}
        return self.scene_of_maps(maps_a, maps, maps_b, self.grams(maps), size_b)

    def grams(self, maps: Maps) -> Maps:
        """Gram matrices of the layers of the style."""
        names = self.options.layers().get("nstyle_layers", ())
        return {name: sums.gram_sum(maps[name]) for name in names}

    def scene_of_maps(
        self, maps_a: Maps, maps: Maps, maps_b: Maps, style: Maps, size, bias: Maps | None = None
    ) -> LayerScene:
        """A scene from the maps of A, A' and B.

        Args:
            maps_a: only looked at where the analogy has a weight.
            style: see `grams`.
            size: `(2,)`, B in px.
            bias: {layer: `(m, n, 1)`} of the reference's patches, where some are not to be used.
        """
        layers, bias = self.options.layers(), bias or {}
        fields = {
            name: self._match(maps_b[name], maps_a[name], self.sweeps[0], bias=bias.get(name))
            for name in layers.get("analogy_layers", ())
        }
        return LayerScene(
            reference={name: maps[name] for name in layers.get("mrf_layers", ())},
            analogy={
                name: self._target(field, maps[name], tf.shape(maps_b[name])[:2])
                for name, field in fields.items()
            },
            fields=fields,
            content={name: maps_b[name] for name in layers.get("content_layers", ())},
            style=style,
            size=size,
            bias=bias,
        )

    def pad(self, image, cell):
        """The image itself: layers may see its ragged border."""
        del cell
        return image

    def _one_image(self, image) -> dict[str, tf.Tensor]:
        maps = super()._one_image(image)
        return {name: values * self.strength for name, values in maps.items()}

    # --- once per pass ----------------------------------------------------------------------

    def find(self, image, scene, cell, coherence, usage, start=None):
        """Match B' in A', from the fields of the match before where PatchMatch can use them."""
        del cell, coherence, start
        before = (usage,) if usage and self.method != "exact" else ()
        fields = self.run("match_layers", image, scene, *before)
        return fields, fields

    def first(self, image, a_prime):
        """What a start from B or from noise looks like: in the colors of A' where A has no say.

        Deep features say little about colors, so those of the start stay.
        """
        return image if self.options.analogy_w else match_colors(image, a_prime)

    def carry(self, usage):
        """What a level takes over from the one before it: fields to start PatchMatch from."""
        return None if self.options.randomize_mrf_nnf else usage

    def shown(self, matches):
        """The field that stands for a pass: that of the first layer."""
        return next(iter((matches or {}).values()), None)

    def match_layers(self, image, scene, before=None) -> Fields:
        """Match each layer of B' in A': fields by layer; those of the analogy if there are none.

        Args:
            before: fields of the match before, of any size, to start PatchMatch from.
        """
        maps, before = (self.features(image) if scene.reference else {}), before or {}
        return {
            name: self._match(
                maps[name], values, self.sweeps[1], before.get(name), scene.bias.get(name)
            )
            for name, values in scene.reference.items()
        } or scene.fields

    def aim(self, field, scene, cell, image):
        """Targets of a pass whose matches are held; cells without a vote have no weight."""
        del cell, image
        mrf = {
            name: self._target(field[name], values, scene.size // self.strides[name])
            for name, values in scene.reference.items()
        }
        return LayerTargets(scene.analogy, mrf, scene.content, scene.style)

    def _match(self, query, reference, sweeps, initial=None, bias=None) -> NearestNeighborField:
        options, stride = self.options, self.options.patch_stride
        return match(
            query,
            reference,
            options.patch_size,
            self.method,
            reference_bias=None if bias is None else bias[..., 0],
            query_stride=stride,
            reference_stride=stride,
            initial=initial,
            sweeps=sweeps,
            seed=options.seed,
        )

    def _target(self, field: NearestNeighborField, values, shape) -> Target:
        """The vote of a field, and how much each cell counts.

        With --use-full-analogy every patch counts by itself: sum_t |x_t - match_t|^2 / k^2 over
        patches t, which is the distance to the vote weighted by how many patches lie on a cell,
        plus what the patches differ from their vote.
        """
        k, stride = self.options.patch_size, self.options.patch_stride
        threshold = self.options.confidence
        mean = vote(field, values, k, shape, query_stride=stride, threshold=threshold)
        mean = tf.ensure_shape(mean, (None, None, values.shape[-1]))
        count = coverage(field, k, shape, query_stride=stride, threshold=threshold)
        if not self.options.use_full_analogy:
            return Target(mean, tf.cast(count > 0, tf.float32), tf.constant(0.0))
        weight = count / float(k * k)
        squares = tf.reduce_sum(tf.square(values), -1, keepdims=True)
        squares = vote(field, squares, k, shape, query_stride=stride, threshold=threshold)
        spread = squares - tf.reduce_sum(tf.square(mean), -1, keepdims=True)
        return Target(mean, weight, tf.reduce_sum(weight * spread))

    # --- the objective ----------------------------------------------------------------------

    def energies(self, image, targets):
        """Losses without their weights, `{term: {layer: scalar}}`; the layer of pixels is ""."""
        maps = self.features(image)
        pixels = tf.cast(tf.size(image) // 3, tf.float32)
        result: dict[str, dict[str, tf.Tensor]] = {}
        for name, voted in (("analogy", targets.analogy), ("mrf", targets.mrf)):
            result[name] = {
                layer: sums.squared_distance(maps[layer], wanted.mean, wanted.weight)
                + wanted.spread
                for layer, wanted in voted.items()
            }
        result["content"] = {
            layer: sums.squared_distance(maps[layer], wanted)
            for layer, wanted in targets.content.items()
        }
        result["style"] = {
            layer: sums.gram_distance(maps[layer], wanted, pixels)
            for layer, wanted in targets.style.items()
        }
        if "smoothness" in self.losses:
            result["smoothness"] = {"": sums.variation_sum(image)}
        return {name: layers for name, layers in result.items() if layers}


def _terms(options: Options) -> dict[str, Term]:
    """The terms that have a weight."""
    layers = options.layers()
    weights = {
        "analogy": (options.analogy_w, layers.get("analogy_layers", ())),
        "mrf": (options.mrf_w, layers.get("mrf_layers", ())),
        "content": (options.b_content_w, layers.get("content_layers", ())),
        "style": (options.nstyle_w, layers.get("nstyle_layers", ())),
    }
    found = {name: Term(w / len(names), names) for name, (w, names) in weights.items() if names}
    return found | ({"smoothness": Term(options.tv_w, ())} if options.tv_w else {})
