"""The page, served by a process of its own that notes whom it talks to, and ways to ask it."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]

# Any connection of the server, or of the process of the runs, that leaves this machine is noted.
_HOOK = """
import sys
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = args[1][0] if event == "socket.connect" and isinstance(args[1], tuple) else args[0]
        if isinstance(host, (str, bytes)) and str(host) not in ("127.0.0.1", "localhost", "::1"):
            with open({noted!r}, "a") as stream:
                print(event, host, file=stream)
sys.addaudithook(hook)
"""


class Server:
    """A running server."""

    def __init__(self, folder, *words):
        self.folder = folder
        self.noted = folder / "noted.txt"
        hooks = folder / "hooks"
        hooks.mkdir()
        (hooks / "sitecustomize.py").write_text(_HOOK.format(noted=str(self.noted)))
        path = os.pathsep.join([str(hooks), str(CHECKOUT)])
        command = [sys.executable, "-m", "analogies.apps.web.command", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--folder", str(folder / "sessions"), *words],
            env=os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = ""
        while "http://" not in said:
            line = self.process.stdout.readline()
            assert line, said
            said += line
        self.address = re.search(r"http://\S+/", said)[0]
        self.port = int(re.search(r":(\d+)/", self.address)[1])

    def close(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(30) == 0
        assert list((self.folder / "sessions").iterdir()) == [], "files were left behind"

    def others(self):
        """Connections to other machines."""
        return self.noted.read_text() if self.noted.exists() else ""

    def resident(self):
        """MiB of the server and of its process for runs."""
        pids = [self.process.pid]
        with contextlib.suppress(FileNotFoundError):
            task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            pids += [int(pid) for pid in task.read_text().split()]
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Person:
    """Somebody who asks without a browser."""

    def __init__(self, server):
        self.server = server
        self.key = ""
        self.key = self.json("POST", "session")["key"]

    def ask(self, method, path, body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=timeout)
        try:
            headers = {"x-analogies-session": self.key}
            connection.request(method, "/analogies/" + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def json(self, method, path, value=None):
        status, body = self.ask(method, path, json.dumps(value) if value is not None else None)
        assert status == 200, body
        return json.loads(body)

    def wait(self, run):
        limit = time.monotonic() + 240
        while run["state"] in ("waiting", "running"):
            assert time.monotonic() < limit, run
            time.sleep(0.05)
            run = self.json("GET", f"run/{run['id']}")
        return run
