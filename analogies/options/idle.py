"""Which options change nothing in a run, and why; none is ignored without a word.

>>> from analogies.options import Options
>>> without_effect(Options(scales=1, min_scale=0.5))
{'min_scale': 'there is one level'}
"""

from collections.abc import Callable

from analogies.options.table import NETWORK_OPTIONS, Options, usual

_OF_LAYER_MODE = ("analogy_nnf_steps", "mrf_nnf_steps", "randomize_mrf_nnf", "use_full_analogy")

_SWEEPS = "it is for PatchMatch in --match-mode layer"
_NOT_PUT_TOGETHER = "in --match-mode layer B' is not put together from patches"
_NO_NETWORK = "--coarse-side 0 leaves no network, which alone looks at it"
_NO_PIXELS = "no level is put together from pixels"


def _unmatched(options: Options) -> bool:
    return options.analogy_w == options.mrf_w == 0


def _no_network(options: Options) -> bool:
    return options.coarse_side == 0


def _no_pixels(options: Options) -> bool:
    """Whether the network makes all levels, whatever the pictures are."""
    if options.finish != "auto" or _no_network(options):
        return options.finish == "network"
    return _unmatched(options) or (_joint(options) and options.transfer == "residual")


def _nothing_matched(options: Options) -> bool:
    return _unmatched(options) and _no_pixels(options)


def _nothing_random(options: Options) -> bool:
    if not _no_pixels(options):
        return False
    scattered = options.init == "auto" and not options.analogy_w and options.mrf_w
    if options.match_mode == "layer" and (options.init == "auto" or options.jitter):
        return False
    if options.match_mode == "layer" and options.color_jitter:
        return False
    return options.init != "noise" and options.model == "exact" and not scattered


def _joint(options: Options) -> bool:
    return options.match_mode == "joint"


def _layer(options: Options) -> bool:
    return not _joint(options)


def _no_sweeps(options: Options) -> bool:
    return _joint(options) or options.model == "exact"


# Option, when it has no effect, and why. Only options with another value than the default, or the
# preset's, are looked at.
_RULES: tuple[tuple[str, Callable[[Options], bool], str], ...] = (
    ("analogy_nnf_steps", _no_sweeps, _SWEEPS),
    ("mrf_nnf_steps", _no_sweeps, _SWEEPS),
    ("randomize_mrf_nnf", _no_sweeps, _SWEEPS),
    ("use_full_analogy", _joint, "all patches are looked at anyway"),
    ("jitter", _joint, "only --match-mode layer shifts at random"),
    ("color_jitter", _joint, "only --match-mode layer changes colors at random"),
    ("votes", _layer, _NOT_PUT_TOGETHER),
    ("transfer", _layer, _NOT_PUT_TOGETHER),
    (
        "uniformity",
        lambda options: _layer(options) and _no_pixels(options),
        "it is for --match-mode joint and for pixels",
    ),
    ("use_full_analogy", lambda options: options.patch_size == 1, "patches do not overlap"),
    ("use_full_analogy", _unmatched, "no patches are matched"),
    ("analogy_nnf_steps", lambda options: not options.analogy_w, "the analogy has no weight"),
    ("mrf_nnf_steps", lambda options: not options.mrf_w, "the coherence has no weight"),
    ("randomize_mrf_nnf", lambda options: not options.mrf_w, "the coherence has no weight"),
    ("min_scale", lambda options: options.scales == 1, "there is one level"),
    ("analogy_layers", lambda options: not options.analogy_w, "the analogy has no weight"),
    ("mrf_layers", lambda options: not options.mrf_w, "the coherence has no weight"),
    ("content_layers", lambda options: not options.b_content_w, "the content has no weight"),
    ("nstyle_layers", lambda options: not options.nstyle_w, "the style has no weight"),
    ("patch_size", _unmatched, "no patches are matched"),
    ("votes", _unmatched, "no patches are matched"),
    ("patch_stride", _unmatched, "no patches are matched"),
    ("confidence", _unmatched, "no patches are matched"),
    ("rotations", _nothing_matched, "no patches are matched"),
    ("rescales", _nothing_matched, "no patches are matched"),
    ("transfer", _unmatched, "no patches are matched"),
    ("seed", _nothing_random, "nothing in this run is random; --init noise is"),
    ("coarse_side", _no_pixels, _NO_PIXELS),
    ("pixel_patch", _no_pixels, _NO_PIXELS),
    ("nearest", lambda options: options.preset != "repeat", "it is for --preset repeat"),
    *((name, _no_network, _NO_NETWORK) for name in (*NETWORK_OPTIONS, *_OF_LAYER_MODE)),
    ("transfer", _no_network, _NO_NETWORK),
    (
        "b_content_w",
        lambda options: _no_network(options) and options.analogy_w > 0,
        "without a network B counts as much as --analogy-w says",
    ),
    (
        "init",
        lambda options: _no_network(options) and options.init in ("auto", "b", "noise"),
        _NO_NETWORK,
    ),
)


def without_effect(options: Options) -> dict[str, str]:
    """{option: why it changes nothing}, of the options that differ from what they would be."""
    expected = usual(options.preset, options.speed)
    return {
        name: reason
        for name, applies, reason in _RULES
        if getattr(options, name) != expected[name] and applies(options)
    }
