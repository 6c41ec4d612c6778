"""Table `matching`: the matchers against the usual ways and against the bare matrix product."""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

SIZES = {3: ((64, 256), (96, 256), (128, 64)), 5: ((64, 256), (96, 256))}
EXAMPLES = Path(__file__).parents[2] / "examples"
WARM_UP = 0.5  # s; a process that has only just begun is slower
PICTURES = ("landscape-b-prime.png", "landscape-a-prime.png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of this table."""
    parser.add_argument("--repeats", type=int, default=5, help="runs of which the median is shown")
    parser.add_argument(
        "--picture-size", type=int, default=256, help="side of the feature maps for PatchMatch"
    )
    parser.add_argument("--weights", help="weight file of the features (default: embedded)")
    parser.add_argument("--skip-memory", action="store_true", help="leave out 256x256x256")
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> None:
    """Print seconds of each method, PatchMatch against exact, and the peak memory."""
    if args.memory_of:
        _match_and_print_memory(args.memory_of)
        return
    print("Seconds to match a map of noise with another of its size. wall: median time;")
    print("cpu: processor time over the cores, which other work on the machine disturbs less.")
    print(f"{'size':>12} {'k':>2} {'method':<10} {'wall':>8} {'cpu':>8} {'x bound':>8}")
    for k, sizes in SIZES.items():
        for side, channels in sizes:
            _compare_methods(side, channels, k, args.repeats)
    _compare_patchmatch(args)
    if not args.skip_memory:
        _measure_memory(256)


def _compare_methods(side: int, channels: int, k: int, repeats: int) -> None:
    import tensorflow as tf

    query, reference = (
        tf.random.stateless_normal((side, side, channels), (seed, 0)) for seed in (1, 2)
    )
    methods = {
        "bound": _bound,
        "exact": _exact,
        "gemm": _gemm,
        "conv": _conv,
    }
    bound = 1.0
    for name, make in methods.items():
        wall, cpu, _ = measure(make(query, reference, k), repeats)
        bound = cpu if name == "bound" else bound
        size = f"{side}x{side}x{channels}"
        print(f"{size:>12} {k:>2} {name:<10} {wall:8.4f} {cpu:8.4f} {cpu / bound:8.2f}", flush=True)


def measure(call: Callable, repeats: int) -> tuple[float, float, object]:
    """Median wall seconds, median processor seconds over the cores, and the last result."""
    import tensorflow as tf

    cores = tf.config.threading.get_intra_op_parallelism_threads() or _cores()
    walls, cpus, result = [], [], call()
    begun = time.perf_counter()
    while time.perf_counter() - begun < WARM_UP:
        call()
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        for tensor in tf.nest.flatten(result):
            tensor.numpy()
        walls.append(time.perf_counter() - wall)
        cpus.append((time.process_time() - cpu) / cores)
    return median(walls), median(cpus), result


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _exact(query, reference, k: int) -> Callable:
    from analogies.matching import match

    return lambda: match(query, reference, k)


def _bound(query, reference, k: int) -> Callable:
    """The product of all cells alone, in tiles of eight rows."""
    import tensorflow as tf

    height, width, channels = query.shape
    rows = 8 * width

    @tf.function
    def product(query, reference):
        def body(start, total):
            tile = tf.matmul(query[start : start + rows], reference, transpose_b=True)
            return start + rows, total + tile[0, 0]

        return tf.while_loop(lambda i, _: i < height * width, body, (0, 0.0))[1]

    cells = [tf.reshape(x, (-1, channels)) for x in (query, reference)]
    return lambda: product(*cells)


def _gemm(query, reference, k: int) -> Callable:
    """All patches written out, and one product."""
    import tensorflow as tf

    @tf.function
    def product(query, reference):
        left, right = (_patches(x, k) for x in (query, reference))
        return _best(tf.matmul(left, tf.nn.l2_normalize(right, axis=1), transpose_b=True))

    return lambda: product(query, reference)


def _conv(query, reference, k: int) -> Callable:
    """The reference's patches as the filters of one convolution."""
    import tensorflow as tf

    @tf.function
    def convolution(query, reference):
        filters = tf.transpose(tf.nn.l2_normalize(_patches(reference, k), axis=1))
        filters = tf.reshape(filters, (k, k, query.shape[2], -1))
        scores = tf.nn.conv2d(query[tf.newaxis], filters, 1, "VALID")
        return _best(tf.reshape(scores, (-1, tf.shape(filters)[3])))

    return lambda: convolution(query, reference)


def _patches(cells, k: int):
    import tensorflow as tf

    from analogies.matching.patches import extract_all

    return tf.reshape(extract_all(cells, k, 1), (-1, k * k * cells.shape[2]))


def _best(scores):
    import tensorflow as tf

    return tf.argmax(scores, axis=1), tf.reduce_max(scores, axis=1)


def _compare_patchmatch(args: argparse.Namespace) -> None:
    """PatchMatch on features of pictures, from nothing and from a field of half the size."""
    from analogies.matching import match

    maps = [_features(EXAMPLES / name, args.picture_size, args.weights) for name in PICTURES]
    query, reference = maps
    shape = "x".join(str(side) for side in query.shape)
    print(f"\nFeatures of {PICTURES[0]} in {PICTURES[1]}, {shape}, k = 3, correlation")
    print(f"{'method':<22} {'wall':>8} {'cpu':>8} {'faster':>7} {'score':>7} {'of exact':>9}")
    coarse = match(query[::2, ::2], reference[::2, ::2])
    whole = 0.0
    exact_score = 1.0
    runs: list[tuple[str, int, dict]] = [("exact", 1, {})]
    runs += [(f"patchmatch, {n} sweeps", args.repeats, {"sweeps": n}) for n in (1, 2, 4, 8)]
    runs += [
        (f"warm start, {n} sweeps", args.repeats, {"sweeps": n, "initial": coarse})
        for n in (1, 2, 4)
    ]
    for name, repeats, options in runs:
        method = "exact" if name == "exact" else "patchmatch"
        wall, cpu, field = measure(lambda: match(query, reference, 3, method, **options), repeats)  # noqa: B023
        score = float(field.scores.numpy().mean())  # type: ignore[attr-defined]
        if method == "exact":
            whole, exact_score = cpu, score
        print(
            f"{name:<22} {wall:8.3f} {cpu:8.3f} {whole / cpu:7.1f} {score:7.4f}"
            f" {score / exact_score:9.4f}",
            flush=True,
        )


def _features(path: Path, side: int, weights: str | None):
    """The `block3_conv1` map, `side` cells square, of a picture."""
    import tensorflow as tf

    from analogies import images
    from analogies.features import FeatureModel

    pixels = tf.image.resize(images.read(path).pixels, (4 * side, 4 * side), "bicubic")
    model = FeatureModel("slim", ("block3_conv1",), weights=weights)
    return model(pixels[tf.newaxis])["block3_conv1"][0]


def _measure_memory(side: int) -> None:
    print(f"\nMemory that exact matching of {side}x{side}x256 with itself adds:", flush=True)
    command = [sys.executable, "-c", _CHILD, "matching", "--memory-of", str(side)]
    subprocess.run(command, check=True)


_CHILD = "import sys; from benchmarks import main; sys.exit(main(sys.argv[1:]))"


def _peak() -> int:
    """Most memory this program has held, KiB; `getrusage` would count the parent's on Linux."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = (line.split() for line in status.read_text().splitlines())
        return next(int(words[1]) for words in lines if words[0] == "VmHWM:")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _match_and_print_memory(side: int) -> None:
    import tensorflow as tf

    from analogies.matching import match

    cells = tf.random.stateless_normal((side, side, 256), (1, 0))
    match(cells[:8, :8], cells[:8, :8])
    before = _peak()
    start = time.perf_counter()
    field = match(cells, cells)
    seconds = time.perf_counter() - start
    after = _peak()
    own = bool(tf.reduce_all(field.rows == tf.range(side - 2)[:, tf.newaxis]))
    print(f"{(after - before) / 2**20:.2f} GB in {seconds:.1f} s; every row found itself: {own}")
