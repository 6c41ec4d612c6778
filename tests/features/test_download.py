"""Keras' weights in its cache and fetched from a server, here one of our own."""

import hashlib
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import generated
import pytest

from analogies.errors import InputError
from analogies.features import download, weights

NAME = download.FILES["vgg16"][0]


class Server:
    """Serves one file; `length` is what it says of its size."""

    def __init__(self, content):
        self.content, self.length, self.asked = content, len(content), 0
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked += 1
                self.send_response(200 if self.path == f"/vgg16/{NAME}" else 404)
                self.send_header("Content-Length", str(server.length))
                self.end_headers()
                self.wfile.write(server.content)

            def log_message(self, *_):
                pass

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def content(tmp_path):
    return generated.write(tmp_path, "keras-h5", generated.convolutions("vgg16", 2)).read_bytes()


@pytest.fixture
def server(content, tmp_path, monkeypatch):
    server = Server(content)
    monkeypatch.setattr(download, "_URL", f"http://127.0.0.1:{server.http.server_port}")
    sum_ = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(download, "FILES", {"vgg16": (NAME, sum_)})
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    yield server
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def cached(tmp_path):
    return tmp_path / "keras" / "models" / NAME


def test_fetched_once_and_without_a_word(server, cached, content, capfd):
    for _ in range(2):
        assert weights.load_default("vgg16").info.layers == ("block1_conv1", "block1_conv2")
    assert server.asked == 1
    assert cached.read_bytes() == content
    assert os.listdir(cached.parent) == [NAME]
    assert capfd.readouterr() == ("", "")


def test_what_lies_broken_in_the_cache_is_named_and_left_there(server, cached, content, capfd):
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content[:1000])
    with pytest.raises(InputError, match=r"damaged or others \(1000 bytes") as caught:
        weights.load_default("vgg16")
    assert "move the file away" in str(caught.value)
    assert str(caught.value).endswith(f"Received: {str(cached)!r}")
    assert cached.read_bytes() == content[:1000]
    assert server.asked == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("fault", ["cut off", "another file"])
def test_what_comes_broken_does_not_stay(server, cached, content, fault):
    if fault == "cut off":
        server.content = content[:700]
    else:
        server.content = bytes(len(content))
    words = f"700 of {len(content)} bytes" if fault == "cut off" else "what came is another file"
    with pytest.raises(InputError, match=words) as caught:
        weights.load_default("vgg16")
    assert "\n" not in str(caught.value)
    assert os.listdir(cached.parent) == []


def test_offline_it_says_what_to_do(server, monkeypatch, cached):
    monkeypatch.setattr(download, "_URL", "http://127.0.0.1:9")  # nobody listens
    with pytest.raises(InputError) as caught:
        weights.load_default("vgg16")
    text = str(caught.value)
    assert text.count(NAME) >= 2
    assert str(cached) in text
    for words in ("could not be fetched", "slim", "--vgg-weights", "VGG_WEIGHT_PATH"):
        assert words in text


def test_a_cache_that_cannot_be_made_is_one_line(server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="could not be fetched"):
        weights.load_default("vgg16")


@pytest.mark.parametrize("given", [None, "~nobody-of-this-name/keras"])
def test_without_a_home_directory_the_temporary_folder_is_the_cache(monkeypatch, given):
    def homeless(self):
        if str(self).startswith("~"):
            raise RuntimeError("Could not determine home directory.")
        return self

    monkeypatch.setattr(Path, "expanduser", homeless)
    monkeypatch.delenv("KERAS_HOME", raising=False)
    if given:
        monkeypatch.setenv("KERAS_HOME", given)
    assert download.cache_folder().parts[-2:] == (".keras", "models")
    monkeypatch.setenv("KERAS_HOME", "/somewhere")
    assert download.cache_folder() == Path("/somewhere/models")
