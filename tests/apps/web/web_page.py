"""A page without Gradio and without a network: requests in, answers out, in this process."""

import hashlib
import io
import json
import time
import zipfile
from dataclasses import replace

import numpy as np
from PIL import Image

from analogies.apps.web.making import carry_out
from analogies.apps.web.requests import Request
from analogies.runs.learning import net_file

RED, BLUE, GREEN = (230, 20, 20), (20, 40, 200), (30, 160, 60)


def png(pixels):
    stream = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def label_map(width=48, height=32, turned=False):
    pixels = np.full((height, width, 3), RED, np.uint8)
    pixels[height // 2 :] = BLUE
    pixels[:, : width // 4] = GREEN
    return pixels[::-1] if turned else pixels


def fake_net(**about):
    """The bytes of a file that passes for a network until its numbers are read."""
    numbers = b"none"
    told = {
        "program": net_file.PROGRAM,
        "format": net_file.FORMAT,
        "network": {"size": "small", "noise": False, "knots": 0, "filter": 0},
        "weights_sha256": hashlib.sha256(numbers).hexdigest(),
        "options": {"seed": 3},
        "inputs": {"a": {"file": "map.png"}, "a_prime": {"file": "painted.png"}},
        "steps": 2000,
        "held_out": 0.31,
        "learned": True,
        **about,
    }
    members = {
        net_file.KERAS_METADATA: b"{}",
        net_file.CONFIG: b"{}",
        net_file.WEIGHTS: numbers,
        net_file.DESCRIPTION: json.dumps(told).encode(),
        "a.png": png(label_map()),
        "a_prime.png": png(label_map(turned=True)),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


class Here:
    """Makes runs in this process, without a network; `hold` keeps them from beginning.

    With `idle` nothing is made of them.
    """

    def __init__(self):
        self.works = []
        self.hold = self.idle = False

    def run(self, work, tell, stopped, seconds):
        self.works.append(work)
        while self.hold and not stopped():
            time.sleep(0.005)
        if self.idle:
            return {"error": "", "stopped": True}
        if work.net is not None:
            return carry_out(work, tell, stopped)
        pixels = work.options["preset"] == "fill" or work.options.get("coarse_side") == 0
        options = work.options if pixels else {**work.options, "preset": "pixels"}
        return carry_out(replace(work, options=options), tell, stopped)


class Client:
    """One person at the page."""

    def __init__(self, pages):
        self.pages = pages
        self.key = ""
        self.key = self.post("session")["key"]

    def ask(self, method, path, body=b"", **query):
        return self.pages.answer(Request(method, path, query, self.key, body))

    def get(self, path, status=200):
        answer = self.ask("GET", path)
        assert answer.status == status, answer.body
        return json.loads(answer.body)

    def post(self, path, status=200, **value):
        answer = self.ask("POST", path, json.dumps(value).encode())
        assert answer.status == status, answer.body
        return json.loads(answer.body)

    def give(self, pixels, name="picture.png", status=200, **query):
        data = pixels if isinstance(pixels, bytes) else png(pixels)
        answer = self.ask("POST", "picture", data, name=name, **query)
        assert answer.status == status, answer.body
        return json.loads(answer.body)

    def given(self):
        """A, A' and B of a small analogy."""
        a, noise = label_map(), np.random.default_rng(0).integers(-20, 20, (32, 48, 3))
        a_prime = np.clip(a.astype(int) + noise, 0, 255)
        pictures = {"a": a, "a_prime": a_prime, "b": label_map(turned=True)}
        return {slot: self.give(pixels, f"{slot}.png")["id"] for slot, pixels in pictures.items()}

    def wait(self, run):
        limit = time.monotonic() + 300
        while time.monotonic() < limit:
            told = self.get(f"run/{run['id']}")
            if told["state"] in ("done", "stopped", "failed"):
                return told
            time.sleep(0.01)
        raise AssertionError(told)
