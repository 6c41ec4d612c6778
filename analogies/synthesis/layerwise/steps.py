"""What `--match-mode layer` does on the device: one field per layer, each step traced once."""

from functools import partial
from typing import NamedTuple

import tensorflow as tf

from analogies.images.resampling import resize
from analogies.losses import sums
from analogies.matching import NearestNeighborField, coverage, match, vote
from analogies.options.table import SMALLEST_SIDE, Options
from analogies.synthesis.descent import descend
from analogies.synthesis.graphs import Step
from analogies.synthesis.joint.maps import Maps, typical_norm
from analogies.synthesis.layerwise.objective import LayerObjective, LayerTargets, Target
from analogies.synthesis.network import Network

# The weights are meant for the features of VGG16 as Caffe has it, which are some hundred times as
# strong as those of the networks that come normalized. With this factor --tv-w 1 smooths alike.
NORMALIZED_STRENGTH = 300.0

SWEEPS = (15, 5)  # of PatchMatch: for the analogy, for the coherence; image-analogies' numbers

Fields = dict[str, NearestNeighborField]


class LayerScene(NamedTuple):
    """All that does not change while a level is worked on."""

    reference: Maps  # {layer: (h / stride, w / stride, c)} of A', layers of the coherence
    analogy: dict[str, Target]
    fields: Fields  # of the analogy, B in A
    content: Maps  # of B
    style: Maps  # {layer: Gram matrix of A', sums}
    size: tf.Tensor  # (2,), B' in px
    bias: Maps  # {layer: (m, n, 1)}, of the reference's patches, where some are not to be used
    guides: Maps  # {layer: (h / stride, w / stride, g)} of A, matched beside the layer, if any
    guides_b: Maps  # the same of B


class LayerSteps:
    """The computations of a run with a field per layer; pictures are not padded.

    Args:
        options: decides layers, weights and how patches are matched.
        network: with the layers of the options.
    """

    def __init__(self, options: Options, network: Network) -> None:
        network.strength = NORMALIZED_STRENGTH if network.model.padding == "reflect" else 1.0
        self.options, self.network = options, network
        self.objective = LayerObjective(options, network)
        # A level must hold a patch in the map of the coarsest layer.
        coarsest = max(network.strides.values())
        self.smallest_side = max(SMALLEST_SIDE, max(2, options.patch_size) * coarsest)
        self.method = options.model
        given = options.analogy_nnf_steps, options.mrf_nnf_steps
        self.sweeps = tuple(
            usual if steps is None else steps for steps, usual in zip(given, SWEEPS, strict=True)
        )
        self.set_scene = Step(self._set_scene)
        self.match_layers = Step(self._match_layers)
        self.aim = Step(self._aim)
        self.energies = Step(self.objective.energies)
        self.descend = Step(partial(descend, self.objective))

    # --- once per level ---------------------------------------------------------------------

    def _set_scene(self, a, a_prime, b, size_a, size_b, *guides) -> LayerScene:
        """Everything that a level needs of A, A' and B, given at their full sizes.

        Args:
            guides: maps of A and of B at their full sizes, `(h, w, g)`, or none.
        """
        a, a_prime, b = resize(a, size_a), resize(a_prime, size_a), resize(b, size_b)
        maps, maps_b = self.network.features(a_prime), self.network.features(b)
        maps_a = self.network.features(a) if self.options.analogy_w else {}
        found: tuple[Maps, Maps] = ({}, {})
        if guides:
            of_a, of_b = resize(guides[0], size_a), resize(guides[1], size_b)
            found = self.guide_maps(of_a, maps), self.guide_maps(of_b, maps_b)
        return self.scene_of_maps(maps_a, maps, maps_b, self.grams(maps), size_b, None, found)

    def guide_maps(self, values, maps: Maps) -> Maps:
        """Guides, `(h, w, g)`, on the grid of each matched layer of a picture's maps."""
        layers = self.options.layers()
        names = (*layers.get("analogy_layers", ()), *layers.get("mrf_layers", ()))
        return {name: resize(values, tf.shape(maps[name])[:2]) for name in dict.fromkeys(names)}

    def grams(self, maps: Maps) -> Maps:
        """Gram matrices of the layers of the style."""
        names = self.options.layers().get("nstyle_layers", ())
        return {name: sums.gram_sum(maps[name]) for name in names}

    def scene_of_maps(
        self,
        maps_a: Maps,
        maps: Maps,
        maps_b: Maps,
        style: Maps,
        size,
        bias: Maps | None = None,
        guides: tuple[Maps, Maps] = ({}, {}),
    ) -> LayerScene:
        """A scene from the maps of A, A' and B.

        Args:
            maps_a: only looked at where the analogy has a weight.
            style: see `grams`.
            size: `(2,)`, B in px.
            bias: {layer: `(m, n, 1)`} of the reference's patches, where some are not to be used.
            guides: {layer: `(h, w, g)`} of A and of B; see `beside`.
        """
        layers, bias = self.options.layers(), bias or {}
        fields = {
            name: self._match(
                beside(name, maps_b[name], maps_a[name], *guides),
                self.sweeps[0],
                bias=bias.get(name),
            )
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
            guides=guides[0],
            guides_b=guides[1],
        )

    def _match_layers(self, image, scene, before=None) -> Fields:
        """Match each layer of B' in A': fields by layer; those of the analogy if there are none.

        Args:
            before: fields of the match before, of any size, to start PatchMatch from.
        """
        maps, before = (self.network.features(image) if scene.reference else {}), before or {}
        return {
            name: self._match(
                beside(name, maps[name], values, scene.guides, scene.guides_b),
                self.sweeps[1],
                before.get(name),
                scene.bias.get(name),
            )
            for name, values in scene.reference.items()
        } or scene.fields

    def _aim(self, field, scene) -> LayerTargets:
        """Targets of a pass whose matches are held; cells without a vote have no weight."""
        mrf = {
            name: self._target(field[name], values, scene.size // self.network.strides[name])
            for name, values in scene.reference.items()
        }
        return LayerTargets(scene.analogy, mrf, scene.content, scene.style)

    def _match(self, maps, sweeps, initial=None, bias=None) -> NearestNeighborField:
        options, stride = self.options, self.options.patch_stride
        return match(
            *maps,
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


def beside(layer: str, query, reference, guides: Maps, guides_b: Maps) -> tuple:
    """The maps of B' and of A', guides beside their channels where there are any.

    Their strength is that of the layer, as weights of guides are relative to it.
    """
    if layer not in guides:
        return query, reference
    strength = typical_norm(reference)
    return (
        tf.concat([query, guides_b[layer] * strength], -1),
        tf.concat([reference, guides[layer] * strength], -1),
    )
