"""What the command writes of a moving picture, played by headless Chromium."""

import functools
import http.server
import shutil
import subprocess
import threading
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from analogies.apps import command_line
from analogies.errors import InputError
from analogies.images.frames import ffmpeg
from analogies.images.frames.clip import open_clip

pytestmark = pytest.mark.browser

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
         "--disable-background-networking",
         "--autoplay-policy=no-user-gesture-required"]  # fmt: skip
RATE, COUNT, SIZE = Fraction(30000, 1001), 24, (64, 96)
SECONDS = float(COUNT / RATE)
MIDDLE = np.s_[24:40, 56:80]  # rows and columns inside of what moves

# Plays a file to its end and says what there was to see and to hear.
PLAY = """
async name => {
  const video = document.createElement("video");
  document.body.append(video);
  await new Promise((ready, failed) => {
    video.oncanplaythrough = ready;
    video.onerror = () => failed(new Error(name + ": " + video.error.message));
    video.src = name;
  });
  const ready = video.readyState, places = [];
  const end = new Promise(ended => { video.onended = ended; });
  const seen = () => { places.push(video.currentTime); video.requestVideoFrameCallback(seen); };
  video.requestVideoFrameCallback(seen);
  await video.play();
  await end;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const paper = canvas.getContext("2d");
  paper.drawImage(video, 0, 0);
  return {
    ready, places, duration: video.duration, size: [video.videoHeight, video.videoWidth],
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    sound: video.webkitAudioDecodedByteCount,
    last: Array.from(paper.getImageData(0, 0, canvas.width, canvas.height).data),
  };
}
"""
# Takes an animation apart as Chromium does to show it.
TURN = """
async ([name, type]) => {
  const image = new Image();
  image.src = name;
  document.body.append(image);
  await image.decode();
  const data = await (await fetch(name)).arrayBuffer();
  const decoder = new ImageDecoder({data, type});
  await decoder.tracks.ready;
  const track = decoder.tracks.selectedTrack, lengths = [];
  for (let i = 0; i < track.frameCount; i++) {
    lengths.push((await decoder.decode({frameIndex: i})).image.duration / 1000);
  }
  return {size: [image.naturalHeight, image.naturalWidth], animated: track.animated, lengths};
}
"""


def frame(number):
    """A square that moves over a plain ground."""
    picture = np.full((*SIZE, 3), (70, 110, 60), np.uint8)
    picture[16:48, 20 + number : 68 + number] = (200, 80, 40)
    return picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where a clip with sound is, and what the command made of it."""
    try:
        program = ffmpeg.executable()
    except InputError:
        pytest.skip("the extra [video] is not installed")
    folder = tmp_path_factory.mktemp("moving")
    (folder / "in").mkdir()
    for number in range(COUNT):
        Image.fromarray(frame(number)).save(folder / "in" / f"{number:03}.png")
    pictures = ["-framerate", str(RATE), "-i", str(folder / "in" / "%03d.png")]
    sound = ["-f", "lavfi", "-i", f"sine=d={SECONDS + 1}"]
    coded = ["-pix_fmt", "yuv420p", "-crf", "10", "-t", f"{SECONDS:.4f}", str(folder / "b.mp4")]
    words = [program, "-y", "-loglevel", "error", *pictures, *sound, *coded]
    subprocess.run(words, check=True, timeout=60)
    Image.fromarray(255 - frame(0)).save(folder / "painted.png")
    (folder / "index.html").write_text("<!doctype html><title>Moving pictures</title>")
    for name in ("made.mp4", "made.webm", "made.mov", "made.gif", "made.apng", "made.webp"):
        words = [str(folder / "b.mp4"), str(folder / name), "--key", "0"]
        assert command_line.main([*words, str(folder / "painted.png"), "--quiet"]) == 0
    return folder


@pytest.fixture(scope="module")
def page(folder):
    """A page beside these files."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed; `make test-browser` installs it")
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with playwright.sync_playwright() as started:
            browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            yield page
            browser.close()
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing."""

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("name", ["made.mp4", "made.webm", "made.mov"])
def test_a_clip_plays_to_its_end_with_its_sound(page, folder, name):
    played = page.evaluate(PLAY, name)
    assert played["ready"] == 4  # enough is there to play on
    assert played["size"] == list(SIZE)
    assert played["duration"] == pytest.approx(SECONDS, abs=1 / float(RATE) + 0.025)
    assert played["sound"] > 0
    assert played["frames"] >= COUNT - 2  # a slow machine drops some
    assert played["places"] == sorted(played["places"])
    assert played["places"][-1] > 0.8 * SECONDS
    last = np.array(played["last"], float).reshape(*SIZE, 4)[..., :3]
    truth = 255.0 - frame(COUNT - 1)
    assert np.abs(last - truth)[MIDDLE].mean() < 4  # the colors are right
    assert np.abs(last - truth).mean() < 8


@pytest.mark.parametrize("name", ["made.mp4", "made.webm", "made.mov"])
def test_a_clip_says_the_rate_length_and_sound_of_its_source(folder, name):
    source, made = open_clip(folder / "b.mp4"), open_clip(folder / name)
    assert (made.rate, made.count, made.size, made.sound) == (RATE, COUNT, SIZE, True)
    assert (source.rate, source.count, source.sound) == (RATE, COUNT, True)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("made.gif", "image/gif"), ("made.apng", "image/png"), ("made.webp", "image/webp")],
)
def test_an_animation_turns_as_long_as_its_source(page, name, kind):
    shown = page.evaluate(TURN, [name, kind])
    assert shown["size"] == list(SIZE)
    assert shown["animated"]
    assert len(shown["lengths"]) == COUNT
    assert sum(shown["lengths"]) / 1000 == pytest.approx(SECONDS, abs=1 / float(RATE))
