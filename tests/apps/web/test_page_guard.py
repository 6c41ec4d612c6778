"""The way into the server: paths, hosts, sizes and slowness, as ASGI messages."""

import asyncio
import json

import pytest
from web_page import label_map, png

from analogies.apps.web.guard import Guard
from analogies.apps.web.requests import PREFIX

SECRET = "do not tell"

# What must not reach a file, in the forms that servers have been fooled by. {file} is a file that
# lies beside the folder of the sessions, {inside} one of another session.
TRICKS = (
    "/../{file}",
    "/analogies/../../{file}",
    "/analogies/%2e%2e/%2e%2e/{file}",
    "/analogies/picture/../../{file}",
    "/analogies/picture/..%2f..%2f{file}",
    "/analogies/picture/....//....//{file}",
    "/analogies/picture/{absolute}",
    "/analogies/made/{absolute}/picture",
    "/analogies//{absolute}",
    "{absolute}",
    "/gradio_api/file={absolute}",
    "/gradio_api/file%3D{absolute}",
    "/file={absolute}",
    "/file/{absolute}",
    "/gradio_api/file=../{file}",
    "/gradio_api/file=file://{absolute}",
    "/gradio_api/proxy=http://127.0.0.1/",
    "/assets/../../../{absolute}",
    "/assets/..%2f..%2f..%2f{absolute}",
    "/static/....//....//{file}",
    "/static/..\\..\\{file}",
    "/assets/%00{absolute}",
    "/gradio_api/custom_component/x/client/y/../../{file}",
    "/analogies/picture/{link}",
    "/analogies/{inside}",
    "/gradio_api/file={inside}",
    "/svelte/../{file}",
)


class Behind:
    """Stands for Gradio: says what reached it."""

    def __init__(self):
        self.reached = []

    async def __call__(self, scope, receive, send):
        self.reached.append(scope["path"])
        headers = [(b"content-type", b"text/html"), (b"cache-control", b"public")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"gradio"})


@pytest.fixture
def behind():
    return Behind()


def ask(guard, method, path, *, body=(b"",), headers=(), pause=0.0, query=b""):
    """(status, headers, body); `pause` seconds lie between the parts of the body."""
    parts, sent = list(body), []

    async def receive():
        await asyncio.sleep(pause)
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": query}
    given = dict(headers)
    given.setdefault("host", "127.0.0.1:7860")
    scope["headers"] = [(k.encode(), v.encode()) for k, v in given.items()]
    asyncio.run(guard(scope, receive, send))
    told = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(part["body"] for part in sent[1:])


@pytest.fixture
def guard(page, behind):
    return Guard(page.pages, behind, page.limits)


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT"])
def test_no_trick_with_paths_reaches_a_file(page, person, guard, behind, trick, method):
    secret = page.folder.parent / "secret.txt"
    secret.write_text(SECRET)
    link = page.folder / "link"
    link.symlink_to(secret)
    given = person.give(png(label_map()), "mine.png")
    (session,) = [each for each in page.folder.iterdir() if each.is_dir()]
    inside = session / f"{given['id']}.png"
    assert inside.exists()
    other = page.visit()
    path = trick.format(file=secret.name, absolute=secret, link=link, inside=inside)
    headers = {"x-analogies-session": other.key}
    status, _, body = ask(guard, method, path, headers=headers)
    assert status in (404, 405)
    assert SECRET.encode() not in body
    assert not body.startswith(b"\x89PNG")
    assert behind.reached == []
    assert secret.read_text() == SECRET


@pytest.mark.parametrize(
    "path", ["/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/run/predict", "/login",
             "/gradio_api/component_server", "/monitoring", "/gradio_api/vibe-edit/", "/reset"]
)  # fmt: skip
def test_nothing_of_gradio_that_takes_anything_is_reached(guard, behind, path):
    assert ask(guard, "POST", path, body=(b"x" * 100,))[0] == 404
    assert behind.reached == []


def test_gradio_s_page_is_reached_and_told_to_ask_no_other_host(guard, behind):
    for path in ("/", "/theme.css", "/assets/index-Dp_1.js", "/gradio_api/heartbeat/ab1"):
        status, headers, body = ask(guard, "GET", path)
        assert (status, body) == (200, b"gradio")
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy
        assert "*" not in policy
    assert len(behind.reached) == 4


def test_pages_of_others_and_other_names_are_not_answered(page, behind, guard):
    assert ask(guard, "GET", "/", headers={"host": "evil.example:7860"})[0] == 421
    assert ask(guard, "GET", "/", headers={"host": "127.0.0.1.evil.example"})[0] == 421
    origin = {"origin": "http://evil.example"}
    assert ask(guard, "POST", PREFIX + "session", headers=origin)[0] == 403
    own = {"origin": "http://localhost:7860", "host": "localhost:7860"}
    assert ask(guard, "POST", PREFIX + "session", headers=own)[0] == 200
    listening = Guard(page.pages, behind, page.limits, hosts=None)
    assert ask(listening, "GET", "/", headers={"host": "studio.example"})[0] == 200


def test_a_body_is_read_no_further_than_it_may_be_long(page, person, behind):
    limits = page.with_limits(file_bytes=10_000)
    guard = Guard(page.pages, behind, limits)
    headers = {"x-analogies-session": person.key}
    told = ask(guard, "POST", PREFIX + "picture", headers=headers | {"content-length": "10001"})
    assert told[0] == 413
    status, answered, body = ask(
        guard, "POST", PREFIX + "picture", headers=headers, body=[b"x" * 1000] * 20
    )
    assert (status, answered["connection"]) == (413, "close")
    assert "larger than the 0.00954 MiB" in json.loads(body)["error"]
    assert ask(guard, "POST", PREFIX + "make", headers=headers, body=[b"x" * 70_000])[0] == 413
    wrong = headers | {"content-length": "-1"}
    assert ask(guard, "POST", PREFIX + "picture", headers=wrong)[0] == 413


def test_a_body_that_comes_too_slowly_is_not_waited_for(page, person, behind):
    guard = Guard(page.pages, behind, page.with_limits(upload_seconds=0.2))
    headers = {"x-analogies-session": person.key}
    asked = {"headers": headers, "body": [b"x"] * 1000, "pause": 0.05}
    status, _, body = ask(guard, "POST", PREFIX + "picture", **asked)
    assert status == 408
    assert "more than 0.2 s" in json.loads(body)["error"]


def test_only_so_many_pictures_are_on_their_way_at_once(page, person, behind):
    guard = Guard(page.pages, behind, page.with_limits(uploads=2, upload_seconds=0.5))
    answers = []

    async def send(message):
        answers.append(message.get("status"))

    async def never():
        await asyncio.sleep(60)

    headers = [(b"host", b"localhost"), (b"x-analogies-session", person.key.encode())]
    scope = {"type": "http", "method": "POST", "path": PREFIX + "picture", "headers": headers}

    async def many():
        await asyncio.gather(*(guard(scope, never, send) for _ in range(5)))

    asyncio.run(many())
    statuses = [status for status in answers if status]
    assert sorted(statuses) == [408, 408, 503, 503, 503]


def test_two_hundred_quick_requests_are_all_answered_and_a_run_goes_on(page, person, guard):
    page.maker.hold = True
    run = person.post("make", tab="numbers", pictures=person.given(), options={"height": 16})
    body, statuses = png(label_map()), []

    async def one(number):
        sent = []
        method, path = [("POST", "picture"), ("GET", f"run/{run['id']}"), ("POST", "make"),
                        ("GET", "../x")][number % 4]  # fmt: skip

        async def receive():
            await asyncio.sleep(0)
            return {"type": "http.request", "body": body if path == "picture" else b"{}"}

        async def send(message):
            sent.append(message.get("status"))

        headers = [(b"host", b"localhost"), (b"x-analogies-session", person.key.encode())]
        scope = {"type": "http", "method": method, "path": PREFIX + path, "headers": headers}
        await guard(scope, receive, send)
        statuses.append(sent[0])

    async def all_of_them():
        await asyncio.gather(*(one(number) for number in range(200)))

    asyncio.run(all_of_them())
    assert len(statuses) == 200
    assert set(statuses) <= {200, 404, 422, 503}
    assert min(statuses.count(status) for status in (200, 404, 422)) >= 50
    page.maker.hold = False
    assert person.wait(run)["state"] == "done"


def test_websockets_are_closed(guard, behind):
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message["type"])

    asyncio.run(guard({"type": "websocket", "path": "/", "headers": []}, receive, send))
    assert sent == ["websocket.close"]
    assert behind.reached == []
