"""The losses of a run whose pictures' maps do not fit into memory all at once.

They compute what `Objective` computes, equal to rounding, in pieces: features are made again for
each use and forgotten, and only what a pass compares with is held for the whole picture.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from analogies.features.networks import layer_info
from analogies.images import pieces as picture_pieces
from analogies.images.pieces import Sheet, Tile, Tiling
from analogies.losses import GramLoss
from analogies.losses.energies import TINY, relative_squared_error
from analogies.synthesis.joint.maps import join
from analogies.synthesis.joint.objective import Objective, Targets
from analogies.synthesis.joint.views import Maps, Seen
from analogies.synthesis.memory import PAIRS_IN_PIECES
from analogies.synthesis.network import Network
from analogies.synthesis.pyramid import CELLS

Compared = Mapping[tuple[str, str], tf.Tensor]  # {(term, layer): target}

PIXEL_TERMS = ("smoothness", "start")
VOTING_PARTS = 4  # channels of a map are voted in so many groups


class SeenInPieces(Seen):
    """What `Seen` gives, from pieces; every call goes through the picture anew."""

    def __init__(self, pieces: "Pieces", image: tf.Tensor) -> None:
        self._pieces, self._image = pieces, image

    def maps(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """The maps of some layers."""
        pieces = self._pieces
        kinds = {
            name: (pieces.network.strides[name], pieces.network.channels[name]) for name in layers
        }
        if not kinds:
            return {}
        return picture_pieces.assemble(self._image, pieces.tiling, pieces.network.features, kinds)

    def grams(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """Their Gram matrices, `(c, c)`."""
        channels = self._pieces.network.channels
        none = {name: tf.zeros((channels[name], channels[name])) for name in layers}
        return self._means(none, lambda flat: tf.matmul(flat, flat, transpose_a=True))

    def norms(self, layers: Iterable[str]) -> dict[str, tf.Tensor]:
        """Their typical norms, scalars."""
        none = {name: tf.zeros(()) for name in layers}
        squares = self._means(none, lambda flat: 2.0 * tf.nn.l2_loss(flat))
        return {name: tf.sqrt(mean + 1e-12) for name, mean in squares.items()}

    def joint(self, norms: Maps, cell: tf.Tensor, axes: Maps | None = None) -> tf.Tensor:
        """One half of a joint map, see `maps.join`."""
        network, tiling = self._pieces.network, self._pieces.tiling

        def half(window: tf.Tensor) -> Maps:
            maps = network.features(window)
            return {"joint": join(window, maps, norms, network.strides, cell, axes)}

        if axes is None:
            channels = 3 + sum(network.channels[name] for name in norms)
        else:
            channels = 3 + next(iter(axes.values())).shape[-1]
        kinds = {"joint": (cell, channels)}
        return picture_pieces.assemble(self._image, tiling, half, kinds)["joint"]

    def _means(self, sums: dict[str, tf.Tensor], function) -> dict[str, tf.Tensor]:
        """The sum of a function of the cells `(n, c)` of each layer, divided by their number."""
        if not sums:
            return {}
        network, tiling = self._pieces.network, self._pieces.tiling

        def body(window, tile: Tile, sums):
            maps = network.features(window)
            cores = {name: tile.of_window(maps[name], network.strides[name]) for name in sums}
            return {name: sums[name] + function(_flat(core)) for name, core in cores.items()}

        sums = picture_pieces.sweep(self._image, tiling, body, sums)
        area = tf.cast(tf.reduce_prod(tf.shape(self._image)[:2]), tf.float32)
        return {name: value / (area / network.strides[name] ** 2) for name, value in sums.items()}


class Pieces:
    """An `Objective` that looks at pictures in pieces.

    Args:
        whole: the objective of the same losses; its network is used.
        side: of a piece's core, px, at most.
    """

    memory = PAIRS_IN_PIECES  # of L-BFGS
    ftol: float
    in_one_graph = True  # pieces are put together in place
    network: Network
    losses: dict[str, Any]

    def __init__(self, whole: "Objective | Pieces", side: int) -> None:
        self.network, self.losses, self.ftol = whole.network, whole.losses, whole.ftol
        network = self.network
        table = {name: layer_info(network.model.network, name) for name in network.layers}
        align = max(*network.strides.values(), CELLS[-1])
        halo = -(-max(info.reach for info in table.values()) // align) * align
        self.tiling = Tiling(max(side // align, 1) * align, halo, align)

    def look(self, image) -> SeenInPieces:
        """What the network sees of an image `(H, W, 3)`."""
        return SeenInPieces(self, image)

    def look_at_b(self, image) -> SeenInPieces:
        """What it sees of B or B', which does not tile: pieces know no other side."""
        return self.look(image)

    def by_channels(self, function, values, own) -> tf.Tensor:
        """As `Objective.by_channels`, some channels at a time."""
        count = values.shape[-1]
        apart = -(-count // VOTING_PARTS)
        parts = []
        for first in range(0, count, apart):
            part = picture_pieces.in_turn(values[..., first : first + apart])
            kept = None if own is None else own[..., first : first + apart]
            parts.append(function(part, kept))
            picture_pieces.done(parts[-1])
        voted = tf.concat(parts, -1)
        picture_pieces.done(voted)
        return voted

    def energies(self, image, targets: Targets) -> dict[str, dict[str, tf.Tensor]]:
        """As `Objective.energies`."""
        layers = {name for term in self._grams() for name in self.losses[term].feature_layers}
        grams = self.look(image).grams(sorted(layers))
        compared = self._compared(targets)
        errors, _ = self._descend_in_tiles(image, compared, {}, backward=False)
        result = {name: {"": self._of_pixels(name, image, targets)} for name in self._pixel_terms()}
        for term in self._grams():
            wanted = _wanted(term, targets)
            result[term] = {
                name: relative_squared_error(grams[name], wanted[name])
                for name in self.losses[term].feature_layers
            }
        for term, layer in compared:
            result.setdefault(term, {})[layer] = errors[term, layer]
        return {name: result[name] for name in self.losses}

    def loss_and_gradient(self, image, targets: Targets) -> tuple[tf.Tensor, tf.Tensor]:
        """As `Objective.loss_and_gradient`: one sweep, after another where Gram matrices count."""
        with tf.GradientTape() as tape:
            tape.watch(image)
            pixel_terms = [
                self.losses[name].weight * self._of_pixels(name, image, targets)
                for name in self._pixel_terms()
            ]
            loss = tf.add_n([tf.zeros(()), *pixel_terms])
        gradient = tape.gradient(loss, image, unconnected_gradients="zero")
        of_grams, pulls = self._style(image, targets)
        errors, of_maps = self._descend_in_tiles(image, self._compared(targets), pulls)
        weighted = [self.losses[term].weight * error for (term, _), error in errors.items()]
        return tf.add_n([loss, of_grams, *weighted]), gradient + of_maps

    def _style(self, image, targets: Targets) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The weighted loss of the Gram matrices, and what to multiply a layer's cells by to get
        its gradient there: `dE/dF[p] = F[p] (dE/dG + dE/dG^T) / cells`."""
        loss, pulls = tf.zeros(()), {}
        for term in self._grams():
            layers, wanted = self.losses[term].feature_layers, _wanted(term, targets)
            grams = self.look(image).grams(layers)
            with tf.GradientTape() as tape:
                tape.watch(grams)
                own = self.losses[term].weight * tf.add_n(
                    [relative_squared_error(grams[name], wanted[name]) for name in layers]
                )
            loss += own
            for name, slope in tape.gradient(own, grams).items():
                area = tf.cast(tf.reduce_prod(tf.shape(image)[:2]), tf.float32)
                cells = area / self.network.strides[name] ** 2
                pulls[name] = (slope + tf.transpose(slope)) / cells
        return loss, pulls

    def _descend_in_tiles(
        self, image, compared: Compared, pulls: Mapping[str, tf.Tensor], backward: bool = True
    ) -> tuple[dict[tuple[str, str], tf.Tensor], tf.Tensor]:
        """Energies of the maps compared with targets, and the gradient `(h, w, 3)`.

        The gradient is that of the weighted energies and of what `pulls` stand for; without
        `backward` it is 0.
        """
        scales = {
            key: 1.0 / (_squares(target) + TINY * _size(target)) for key, target in compared.items()
        }

        def body(window, tile: Tile, carried):
            sums, sheet = carried
            with tf.GradientTape() as tape:
                tape.watch(window)
                maps = self.network.features(window)
            sums, slopes = dict(sums), dict[str, tf.Tensor]()
            for (term, layer), target in compared.items():
                stride = self.network.strides[layer]
                error = tile.of_window(maps[layer], stride) - tile.of_picture(target, stride)
                sums[term, layer] += _squares(error)
                slope = 2.0 * self.losses[term].weight * scales[term, layer] * error
                slopes[layer] = slopes[layer] + slope if layer in slopes else slope
            for layer, pull in pulls.items():
                core = tile.of_window(maps[layer], self.network.strides[layer])
                slope = tf.tensordot(core, pull, 1)
                slopes[layer] = slopes[layer] + slope if layer in slopes else slope
            if not backward or not slopes:
                return sums, sheet
            outer = {
                layer: tile.into_window(slope, self.network.strides[layer], maps[layer])
                for layer, slope in slopes.items()
            }
            used = {layer: maps[layer] for layer in outer}
            return sums, sheet.add(tape.gradient(used, window, outer), tile.window)

        none = {key: tf.zeros(()) for key in compared}
        blank = Sheet.blank(tf.shape(image)[:2], 3)
        sums, sheet = picture_pieces.sweep(image, self.tiling, body, (none, blank))
        return {key: value * scales[key] for key, value in sums.items()}, sheet.map()

    def _compared(self, targets: Targets) -> Compared:
        """The targets of the terms that compare maps cell by cell."""
        terms = [name for name in self.losses if name not in (*self._grams(), *PIXEL_TERMS)]
        return {
            (term, layer): _wanted(term, targets)[layer]
            for term in terms
            for layer in self.losses[term].feature_layers
        }

    def _grams(self) -> tuple[str, ...]:
        """The terms that compare Gram matrices."""
        return tuple(name for name, loss in self.losses.items() if isinstance(loss, GramLoss))

    def _pixel_terms(self) -> tuple[str, ...]:
        return tuple(name for name in self.losses if name in PIXEL_TERMS)

    def _of_pixels(self, term: str, image, targets: Targets) -> tf.Tensor:
        """The unweighted energy of a term of pixels."""
        loss = self.losses[term]
        if term == "smoothness":
            return loss(image) / loss.weight
        return loss(image, targets.start, targets.variance, targets.explained) / loss.weight


def _wanted(term: str, targets: Targets) -> Maps:
    return {"content": targets.content, "style": targets.style}.get(term, targets.maps)


def _flat(values: tf.Tensor) -> tf.Tensor:
    return tf.reshape(values, (-1, values.shape[-1]))


def _squares(values: tf.Tensor) -> tf.Tensor:
    """Sum of squares, without an array of them."""
    return 2.0 * tf.nn.l2_loss(values)


def _size(values: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.size(values), tf.float32)
