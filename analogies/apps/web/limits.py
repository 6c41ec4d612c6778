"""What the page takes and how much of it; more is refused in one line."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How much of everything.

    Attributes:
        file_bytes: of a file that is sent.
        picture_pixels: of a picture that is sent, px.
        result_pixels: of a picture that is made, px.
        session_bytes: of all files of a session; the oldest that nothing was made of go first.
        sessions: that are kept at once.
        session_seconds: after which a session that nobody looks at is forgotten.
        waiting: runs that may wait, of all sessions.
        waiting_of_session: of one of them.
        run_seconds: that a run may take; the picture so far is kept.
        upload_seconds: that the body of a request may take to arrive.
        uploads: pictures that may arrive at once.
    """

    file_bytes: int = 64 * 2**20
    picture_pixels: int = 24_000_000
    result_pixels: int = 4_000_000
    session_bytes: int = 2**30
    sessions: int = 50
    session_seconds: float = 24 * 3600.0
    waiting: int = 50
    waiting_of_session: int = 20
    run_seconds: float = 3600.0
    upload_seconds: float = 60.0
    uploads: int = 16


# Where others can reach the page.
LISTENING = Limits(
    file_bytes=16 * 2**20,
    picture_pixels=12_000_000,
    result_pixels=1_100_000,
    session_bytes=128 * 2**20,
    sessions=200,
    session_seconds=2 * 3600.0,
    waiting=16,
    waiting_of_session=2,
    run_seconds=300.0,
    upload_seconds=30.0,
)
