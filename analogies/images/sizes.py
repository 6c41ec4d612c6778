"""The sizes of pictures that can be worked with."""

from analogies.errors import InputError

SMALLEST_SIDE = 16  # px; smaller pictures hold no patch on a coarse level
LARGEST_AREA = 2**27  # px; 134 megapixels, above any camera and below a decompression bomb


def check_size(width: int, height: int, what: str) -> None:
    """Check the sides of a picture, px.

    Raises:
        InputError: they are too small or too large; `what` says whose they are.
    """
    if min(width, height) < SMALLEST_SIDE:
        raise InputError(
            f"both sides must be at least {SMALLEST_SIDE} px. "
            f"Received: {what} of {width}x{height} px"
        )
    if width * height > LARGEST_AREA:
        raise InputError(
            f"a picture may have {LARGEST_AREA // 10**6} megapixels. "
            f"Received: {what} of {width}x{height} px"
        )
