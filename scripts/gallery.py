"""The gallery: one labeled sheet per kind of example, given pictures beside the result.

And an animation: a camera over a picture, beside the same in the manner of a painting.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import analogies
from analogies import images
from analogies.errors import InputError
from analogies.images.frames.animation import write_animation
from analogies.matching.flow import grid, sampled

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
GAP, CAPTION = 12, 22  # px
MOVING, FIELD = "moving", "field"
MOVING_SIZE, MOVING_COUNT, MOVING_MS = (160, 200), 24, 80
PAPER, INK = (250, 249, 246), (40, 40, 44)


@dataclass(frozen=True)
class Sheet:
    """A row of the gallery.

    Attributes:
        name: of the files that are written.
        title: what kind of job it is.
        function: the public function that does it.
        given: {caption: file among the examples}, in the function's order.
        options: of the function.
        maps: {caption: file} of what says what goes where.
        of_maps: further options, from the paths of the maps in their order.
    """

    name: str
    title: str
    function: str
    given: dict[str, str]
    options: dict[str, Any]
    maps: dict[str, str] = field(default_factory=dict)
    of_maps: Callable[..., dict[str, Any]] = dict


def _analogy(name: str, title: str, preset: str, example: str = "", b: str = "") -> Sheet:
    stem = example or name
    given = {"A": f"{stem}-a.png", "A'": f"{stem}-a-prime.png", "B": b or f"{stem}-b.png"}
    return Sheet(name, title, "make_analogy", given, {"preset": preset})


def _style(name: str, title: str) -> Sheet:
    given = {"Content": "style-content.png", "Style": "style-painting.png"}
    return Sheet(name, title, "transfer_style", given, {"preset": name})


def _texture(name: str, title: str) -> Sheet:
    options = {"height": 240, "width": 320, "preset": name}
    return Sheet(name, title, "synthesize_texture", {"Example": "texture.png"}, options)


FILLED = {"Picture": "style-content.png", "Mask": "fill-mask.png"}
TILED = dict.fromkeys(("A", "A'", "B"), "texture.png")
PAINTED = {"Content": "style-content.png", "Style": "style-painting.png"}
REGIONS = {"A": "texture.png", "A'": "texture.png", "B": "guide-b.png"}


def _guided(a: Path, b: Path) -> dict[str, Any]:
    """A guide of the style and of the content."""
    return {"guides": [(a, b, 2)]}


def _made_within(mask: Path) -> dict[str, Any]:
    return {"b_mask": mask}


def _by_regions(second: Path, usable: Path) -> dict[str, Any]:
    """A second example, of which a part is used, where B is white."""
    guide = (["#000000", "#ffffff"], second.parent / REGIONS["B"], 10)
    return {"pairs": [(second, second, usable)], "guides": [guide]}


SHEETS = (
    _analogy("landscape", "Texture by numbers", "analogy"),
    _analogy("desert", "Soft labels", "analogy"),
    _analogy("emblem", "A picture unlike A", "analogy", b="style-content.png"),
    _analogy("recolor", "Recoloring", "recolor"),
    _analogy("superres", "Super-resolution", "superres"),
    _style("style", "Style transfer"),
    _style("neural-style", "Neural style (Gram matrices)"),
    _analogy("pixels", "Texture by numbers without a network", "pixels", "landscape"),
    _style("cnnmrf", "Style transfer as CNNMRF made it"),
    _texture("texture", "Texture synthesis"),
    Sheet(
        "guides",
        "Style transfer with a guide",
        "transfer_style",
        PAINTED,
        {"preset": "style"},
        {"Map of the style": "guide-a.png", "Map of the content": "guide-b.png"},
        _guided,
    ),
    Sheet(
        "masks",
        "Style transfer within a mask",
        "transfer_style",
        PAINTED,
        {"preset": "style"},
        {"Mask": "guide-b.png"},
        _made_within,
    ),
    Sheet(
        "regions",
        "An example for each region",
        "make_analogy",
        REGIONS,
        {"preset": "texture", "coarse_side": 0},
        {"Another A and A'": "style-painting.png", "Its mask": "guide-a.png"},
        _by_regions,
    ),
    Sheet("fill", "What a mask covers made anew", "fill", FILLED, {"preset": "fill"}),
    Sheet("tile", "A picture made to tile", "make_analogy", TILED, {"preset": "tile"}),
    _texture("cnnmrf-texture", "Texture synthesis as CNNMRF made it"),
    _analogy("image-analogies", "As image-analogies made it", "image-analogies", "landscape"),
)


def main(argv: Sequence[str]) -> int:
    """Draw the gallery.

    Args:
        argv: see ``--help``.

    Returns:
        exit code: 0, or 2 where something given cannot be used.
    """
    parser = argparse.ArgumentParser(prog="make_gallery.py", description="Draw the gallery.")
    which = f"of sheets, or {FIELD} or {MOVING} (default: all)"
    parser.add_argument("names", nargs="*", metavar="NAME", help=which)
    parser.add_argument("--out", default="gallery", metavar="FOLDER", help="default: gallery")
    parser.add_argument("--examples", default=str(EXAMPLES), metavar="FOLDER", help="inputs")
    args = parser.parse_args(argv)
    try:
        draw_gallery(Path(args.examples), Path(args.out), args.names, tell=print)
    except InputError as error:
        parser.error(str(error))
    return 0


def draw_gallery(
    examples: Path,
    out: Path,
    names: Sequence[str] = (),
    tell: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Make the results and write ``NAME.png`` and ``NAME-sheet.png`` for each sheet.

    ``field-sheet.png`` shows two maps of one field, ``moving.webp`` is the animation.

    Args:
        examples: folder of the given pictures.
        out: folder to write into; made if it is not there.
        names: of the sheets to draw, of the field and of the animation; none for all, then also
            ``gallery.png`` with all sheets.
        tell: is told a line per sheet.

    Returns:
        the paths of the sheets and of the animation.

    Raises:
        InputError: a name is not known, or a picture cannot be used.
    """
    known = {sheet.name: sheet for sheet in SHEETS}
    for name in names:
        if name not in known and name not in (FIELD, MOVING):
            raise InputError(f"there are {', '.join([*known, FIELD, MOVING])}. Received: {name!r}")
    out.mkdir(parents=True, exist_ok=True)
    drawn, paths = [], []
    for sheet in [known[name] for name in names or known if name in known]:
        started = time.perf_counter()
        pictures = {caption: examples / file for caption, file in sheet.given.items()}
        maps = {caption: examples / file for caption, file in sheet.maps.items()}
        options = {**sheet.options, **sheet.of_maps(*maps.values())}
        result = getattr(analogies, sheet.function)(*pictures.values(), **options)
        Image.fromarray(result).save(out / f"{sheet.name}.png")
        given = {caption: _pixels(path) for caption, path in {**pictures, **maps}.items()}
        drawn.append(draw_sheet(sheet.title, {**given, _result_caption(sheet): result}))
        paths.append(out / f"{sheet.name}-sheet.png")
        drawn[-1].save(paths[-1], optimize=True)
        tell(f"{paths[-1]}  {time.perf_counter() - started:.1f} s")
    if not names or FIELD in names:
        started = time.perf_counter()
        drawn.append(draw_field(examples, out))
        paths.append(out / f"{FIELD}-sheet.png")
        drawn[-1].save(paths[-1], optimize=True)
        tell(f"{paths[-1]}  {time.perf_counter() - started:.1f} s")
    if not names or MOVING in names:
        started = time.perf_counter()
        paths.append(draw_moving(examples, out))
        tell(f"{paths[-1]}  {time.perf_counter() - started:.1f} s")
    if not names:
        stack(drawn).save(out / "gallery.png", optimize=True)
        tell(f"{out / 'gallery.png'}")
    return paths


def draw_field(examples: Path, out: Path) -> Image.Image:
    """Make more of a texture, and with the same patches of its heights; write ``field-*.png``.

    Args:
        examples: folder of the given pictures.
        out: folder to write into.

    Returns:
        a sheet of both maps, as given and as made.
    """
    colors, heights = examples / "texture.png", examples / "texture-height.png"
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder, "field.npz")
        made = analogies.synthesize_texture(
            colors, 192, 256, coarse_side=0, tile="both", save_field=str(saved)
        )
        raised = analogies.apply_field(saved, heights)
    shown = {"Colors": made, "Heights": np.repeat(raised, 3, 2)}
    for caption, picture in shown.items():
        Image.fromarray(picture).save(out / f"{FIELD}-{caption.lower()}.png", optimize=True)
    given = {"Colors given": _pixels(colors), "Heights given": _pixels(heights)}
    return draw_sheet("Two maps of one field, that tile", {**given, **shown})


def draw_moving(examples: Path, out: Path) -> Path:
    """Paint what a camera over a picture sees, and write ``moving.webp`` with both side by side.

    Args:
        examples: folder of the given pictures.
        out: folder to write into.

    Returns:
        the path of the animation.
    """
    style, path = examples / "style-painting.png", out / f"{MOVING}.webp"
    content = _pixels(examples / "style-content.png")
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "in"), Path(folder, "out")
        given.mkdir()
        for number in range(MOVING_COUNT):
            Image.fromarray(_seen(content, number)).save(given / f"{number:03}.png")
        analogies.make_moving_analogy(style, style, given, made, preset="style", quiet=True)
        frames = [
            np.hstack([_pixels(given / file.name), _pixels(file)])
            for file in sorted(made.glob("*.png"))
        ]
    write_animation(path, [*frames, *frames[-2:0:-1]], [MOVING_MS] * (2 * len(frames) - 2))
    return path


def _seen(picture: np.ndarray, number: int) -> np.ndarray:
    """A frame of a camera that comes nearer and wanders to the right."""
    height, width = picture.shape[:2]
    share = number / (MOVING_COUNT - 1)
    step = min(height / MOVING_SIZE[0], width / MOVING_SIZE[1]) * (0.9 - 0.25 * share)
    middle = np.array([0.5 * height, (0.45 + 0.1 * share) * width])
    places = (grid(*MOVING_SIZE) - np.array(MOVING_SIZE) / 2) * step + middle
    return images.to_uint8(sampled(picture, places.astype(np.float32)))


def draw_sheet(title: str, pictures: dict[str, np.ndarray]) -> Image.Image:
    """A title over a row of captioned pictures.

    Args:
        title: of the sheet.
        pictures: {caption: uint8 ``(H, W, 3)``} from left to right, of any sizes.

    Returns:
        an RGB image; the pictures have their own size.
    """
    height = max(picture.shape[0] for picture in pictures.values())
    width = GAP + sum(picture.shape[1] + GAP for picture in pictures.values())
    page = Image.new("RGB", (width, height + 2 * CAPTION + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((GAP, GAP // 2), title, INK, _font(16))
    left, top = GAP, GAP + CAPTION
    for caption, picture in pictures.items():
        page.paste(Image.fromarray(picture), (left, top))
        middle = left + picture.shape[1] // 2
        draw.text((middle, top + picture.shape[0] + 3), caption, INK, _font(14), anchor="ma")
        left += picture.shape[1] + GAP
    return page


def stack(pages: Sequence[Image.Image]) -> Image.Image:
    """Sheets under each other, flush left."""
    width, height = max(page.width for page in pages), sum(page.height for page in pages)
    page = Image.new("RGB", (width, height), PAPER)
    top = 0
    for part in pages:
        page.paste(part, (0, top))
        top += part.height
    return page


def run() -> None:
    """Entry point of ``scripts/make_gallery.py``."""
    sys.exit(main(sys.argv[1:]))


def _result_caption(sheet: Sheet) -> str:
    return "B'" if sheet.function == "make_analogy" else "Result"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _pixels(path: Path) -> np.ndarray:
    return images.to_uint8(images.read(path).pixels)
