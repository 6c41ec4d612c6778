"""The real server under what is not meant well: paths, bodies, slowness, haste, and long use."""

import concurrent.futures
import json
import socket
import time

import pytest
from page_server import CHECKOUT, Person, Server

pytestmark = pytest.mark.browser

pytest.importorskip("gradio", reason="the page needs the extra web")

EXAMPLES = CHECKOUT / "examples"
SECRET = b"do not tell"
TRICKS = (
    "/../{file}",
    "/analogies/../../{file}",
    "/analogies/%2e%2e/%2e%2e/{file}",
    "/analogies/%252e%252e/{file}",
    "/analogies/picture/..%2f..%2f{file}",
    "/analogies/picture/{absolute}",
    "/analogies/picture/{inside}",
    "/analogies/made/../../{file}/picture",
    "//{absolute}",
    "{absolute}",
    "/gradio_api/file={absolute}",
    "/gradio_api/file={inside}",
    "/gradio_api/file=file://{absolute}",
    "/gradio_api/file%3d{absolute}",
    "/file={absolute}",
    "/file/{absolute}",
    "/gradio_api/file/{absolute}",
    "/gradio_api/proxy=http://127.0.0.1:22/",
    "/assets/../../../../../../..{absolute}",
    "/assets/..%2f..%2f..%2f..%2f..%2f..%2f..%2f{absolute}",
    "/assets/..%5c..%5c{file}",
    "/static/%2e%2e/%2e%2e/%2e%2e/{file}",
    "/static//{absolute}",
    "/svelte/..%2f..%2f{file}",
    "/custom_component/a/client/b/..%2f{file}",
    "/gradio_api/custom_component/a/client/component/../../{file}",
    "/theme.css/../{file}",
    "/analogies/page.js%00{absolute}",
    "/analogies/{link}",
    "http://127.0.0.1/{file}",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("attacked"))
    yield server
    assert server.others() == ""
    server.close()


@pytest.fixture(scope="module")
def person(server):
    return Person(server)


def given(person, names=("landscape-a", "landscape-a-prime", "landscape-b")):
    pictures = {}
    for slot, name in zip(("a", "a_prime", "b"), names, strict=True):
        data = (EXAMPLES / f"{name}.png").read_bytes()
        status, body = person.ask("POST", f"picture?name={name}.png", data)
        assert status == 200, body
        pictures[slot] = json.loads(body)["id"]
    return pictures


def make(person, pictures, **options):
    asked = {"tab": "analogy", "pictures": pictures, "options": {"preset": "pixels", **options}}
    return person.json("POST", "make", asked)


def raw(server, data, wait=20.0):
    """What the server answers to bytes, until it closes or says nothing more."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except (TimeoutError, ConnectionError):
            pass
        return answer


def test_no_path_leads_to_a_file(server, person):
    secret = server.folder / "sessions" / "secret.txt"
    secret.write_bytes(SECRET)
    link = server.folder / "sessions" / "link"
    link.symlink_to(secret)
    number = given(person)["a"]
    (inside,) = (server.folder / "sessions").glob(f"*/*/{number}.png")
    other = Person(server)
    names = {"file": secret.name, "absolute": secret, "inside": inside, "link": link}
    assert len(set(TRICKS)) >= 20
    for trick in TRICKS:
        for method in ("GET", "POST"):
            line = f"{method} {trick.format(**names)} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            line += f"x-analogies-session: {other.key}\r\nContent-Length: 0\r\n"
            answer = raw(server, f"{line}Connection: close\r\n\r\n".encode())
            status = answer.split(b" ", 2)[1:2]
            assert status in ([b"400"], [b"404"], [b"405"]), (trick, answer[:200])
            assert SECRET not in answer
            assert b"\x89PNG" not in answer
    secret.unlink()
    link.unlink()


def test_the_server_lives_and_a_run_ends_under_large_slow_and_hasty_requests(server, person):
    run = make(person, given(person), height=240)
    head = (
        f"POST /analogies/picture HTTP/1.1\r\nHost: 127.0.0.1\r\nx-analogies-session: {person.key}"
    )
    answer = raw(server, f"{head}\r\nContent-Length: 99999999999\r\n\r\n".encode())
    assert b" 413 " in answer.split(b"\r\n")[0]
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    flood = f"{head}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunk * 80
    try:
        answer = raw(server, flood)
        assert b" 413 " in answer.split(b"\r\n")[0]
    except ConnectionError:
        pass  # it did not even listen to the end
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
    for connection in slow:
        connection.sendall(f"{head}\r\nContent-Length: 1000\r\n\r\nx".encode())
    began = time.monotonic()

    def hasty(number):
        paths = [("GET", "state", None), ("POST", "make", "{}"), ("GET", "picture/1", None),
                 ("POST", "session", "{}")]  # fmt: skip
        return person.ask(*paths[number % 4])[0]

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(hasty, range(200)))
    print("200 requests in", round(time.monotonic() - began, 2), "s")
    assert len(statuses) == 200
    assert set(statuses) <= {200, 404, 422}
    assert statuses.count(200) >= 50
    assert person.wait(run)["state"] == "done"
    for connection in slow:
        connection.close()
    assert given(Person(server)), "pictures are taken again"


def test_who_connects_and_asks_nothing_is_left(server, person):
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(450)]
    silent[0].sendall(b"GET / HTTP/1.1\r\nHost: 127")
    limit = time.monotonic() + 60
    while person_or_none(server) is None:
        assert time.monotonic() < limit, "nobody can come in any more"
        time.sleep(1)
    silent[0].settimeout(60)
    assert silent[0].recv(100) == b""
    for connection in silent:
        connection.close()


def person_or_none(server):
    try:
        return Person(server)
    except (AssertionError, OSError):
        return None


def test_memory_is_level_after_thirty_runs(server, person):
    pictures = given(person)
    held = []
    for number in range(30):
        run = person.wait(make(person, pictures, height=96, seed=number))
        assert run["state"] == "done"
        held.append(server.resident())
    print("MiB after 5, 10, 20, 30 runs:", [round(held[n - 1]) for n in (5, 10, 20, 30)])
    assert held[-1] < 1.05 * held[9] + 5
