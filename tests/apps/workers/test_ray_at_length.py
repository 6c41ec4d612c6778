"""The command with workers: the same bytes, killed drivers, real clusters, a real store."""

import contextlib
import csv
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("ray")
from analogies.apps.batch import lists, runner
from analogies.apps.workers.asked import Asked
from analogies.apps.workers.crew import Crew
from analogies.apps.workers.parcels import Setup
from analogies.files import remove_stale

pytestmark = pytest.mark.slow
HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[2]
EXAMPLES = CHECKOUT / "examples"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    places = [str(CHECKOUT), str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(places))
    for name in ("landscape-a", "landscape-a-prime", "landscape-b", "texture", "recolor-b"):
        with Image.open(EXAMPLES / f"{name}.png") as picture:
            picture.convert("RGB").resize((96, 96)).save(f"{name}.png")
    return tmp_path


def command(*words, **settings):
    line = [sys.executable, "-m", "analogies", *map(str, words)]
    return subprocess.Popen(
        line, stderr=subprocess.PIPE, text=True, start_new_session=True, **settings
    )


def finished(*words, **settings):
    with command(*words, **settings) as process:
        said = process.communicate(timeout=1200)[1]
    return process.returncode, said


def write_list(count, out="made", name="list.csv"):
    """Rows of three kinds, none of which takes long."""
    pair = "landscape-a.png,landscape-a-prime.png"
    kinds = (f"{pair},landscape-b.png", "texture.png,,", f"{pair},recolor-b.png")
    rows = [
        f"{kinds[n % 3]},{out}/{n}.png,{('pixels', 'texture', 'pixels')[n % 3]},0,{n}"
        for n in range(count)
    ]
    Path(name).write_text("a,a_prime,b,out,preset,coarse_side,seed\n" + "\n".join(rows) + "\n")


def pictures(folder):
    found = {}
    for path in Path(folder).glob("*.png"):
        with Image.open(path) as picture:
            found[path.name] = picture.convert("RGB").tobytes()
        assert json.loads(path.with_suffix(".json").read_text())["complete"]
    return found


def statuses(name="list"):
    with open(f"{name}.summary.csv", newline="") as stream:
        return [row["status"] for row in csv.DictReader(stream)]


def write_mixed_list(count, out):
    """Rows of eight presets; three of twelve ask for the network, with little for it to do."""
    pair = "landscape-a.png,landscape-a-prime.png"
    few = ("2", "1", "4")  # scales, iters, evaluations
    kinds = [
        (f"{pair},landscape-b.png", "pixels"),
        ("texture.png,,", "texture"),
        (f"{pair},recolor-b.png", "pixels"),
        (f"{pair},landscape-b.png", "superres"),
        ("texture.png,,recolor-b.png", "style"),
        (f"{pair},landscape-b.png", "analogy", *few),
    ]
    of_network = ("texture.png,,recolor-b.png", "neural-style", *few)
    of_layers = ("texture.png,,recolor-b.png", "cnnmrf", *few)
    kinds = [*kinds, *kinds[:4], of_network, of_layers]
    lines = []
    for number in range(count):
        sources, preset, *rest = kinds[number % len(kinds)]
        lines.append(",".join([sources, f"{out}/{number}.png", preset, str(number), *rest]))
    head = "a,a_prime,b,out,preset,seed,scales,iters,evaluations\n"
    Path(f"{out}.csv").write_text(head + "\n".join(lines) + "\n")


def test_workers_make_the_bytes_that_a_plain_batch_makes(folder):
    write_mixed_list(60, "plain")
    write_mixed_list(60, "many")
    assert finished("--batch=plain.csv", "--quiet")[0] == 0
    assert finished("--batch=many.csv", "--quiet", "--workers=2")[0] == 0
    names = [f"{number}.png" for number in range(60)]
    plain, many = ([Path(out, n).read_bytes() for n in names] for out in ("plain", "many"))
    assert plain == many


def living(session, what="comm"):
    """Names, or titles, of the processes of a session."""
    line = ["ps", "-eo", f"sid=,stat=,{what}="]
    found = subprocess.run(line, capture_output=True, text=True).stdout.splitlines()
    words = [each.split(maxsplit=2) for each in found]
    return [name.strip() for of, state, name in words if of == str(session) and state[0] != "Z"]


ROWS = 12


def made():
    return len(list(Path().glob("made/*.png")))


# Of a run on workers, by the names and titles of its processes.
MOMENTS = {
    "before the workers start": lambda names: "gcs_server" in names and "raylet" not in names,
    "while they start": lambda names: "raylet" in names,
    "in the first row": lambda names: "ray::_Actor.make" in names,
    "at the first result": lambda names: made() > 0,
    "in the middle": lambda names: made() >= ROWS // 2,
    "in the last rows": lambda names: made() >= ROWS - 2,
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_second_run_goes_on_after_the_driver_is_killed(folder, moment):
    write_list(ROWS)
    with command("--batch=list.csv", "--workers=2", "--quiet") as process:
        while not MOMENTS[moment]([*living(process.pid), *living(process.pid, "args")]):
            assert process.poll() is None, "the moment was missed"
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)  # whoever of Ray's lives holds its pipe open
    until = time.monotonic() + 60
    while living(process.pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert not living(process.pid)
    before = {path.name: path.stat().st_mtime_ns for path in Path().glob("made/*.json")}
    there = made()
    code, said = finished("--batch=list.csv", "--workers=2")
    assert code == 0, said
    assert len(pictures("made")) == ROWS
    print(f"{moment}: {there} pictures and {len(before)} records were there")
    assert statuses().count("skipped") == len(before)
    assert statuses().count("done") == ROWS - len(before)
    for name, stamp in before.items():
        assert (folder / "made" / name).stat().st_mtime_ns == stamp
    left = [path for path in Path("made").iterdir() if path.name.startswith(".")]
    if left:  # made in the very moment; it may be another run's until it is older than that
        assert len(left) == 1
        assert left[0].stat().st_size == 0
        os.utime(left[0], (0, 0))
        remove_stale(Path("made"))
        assert not left[0].exists()


def test_ctrl_c_ends_with_130_and_leaves_no_process(folder):
    write_list(30)
    with command("--batch=list.csv", "--workers=2") as process:
        while not list(Path().glob("made/*.png")):
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said = process.communicate(timeout=120)[1]
    assert process.returncode == 130, said
    assert {"done", "waiting"} <= set(statuses())
    groups = subprocess.run(["ps", "-eo", "pgid="], capture_output=True, text=True).stdout.split()
    assert str(process.pid) not in groups


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def machine(home, *words):
    """A real `ray start` with a home and a working folder of its own."""
    home.mkdir()
    # At Ray's own niceness of 15 workers stand still on a machine that others keep busy.
    kept = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    environment = os.environ | kept | {"HOME": str(home)}
    line = [str(Path(sys.executable).with_name("ray")), "start", "--block", *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(line, cwd=home, env=environment, **quiet) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def test_a_running_cluster_of_real_processes(folder):
    port, client = free_port(), free_port()
    head = ["--head", f"--port={port}", f"--ray-client-server-port={client}", "--num-cpus=0"]
    write_list(9)
    with (
        machine(folder / "head", *head, "--include-dashboard=false"),
        contextlib.ExitStack() as nodes,
    ):
        wait_for(port)
        wait_for(client)
        for name in ("one", "two"):
            address = f"--address=127.0.0.1:{port}"
            nodes.enter_context(machine(folder / name, address, "--num-cpus=1"))
        code, said = finished("--batch=list.csv", f"--workers=127.0.0.1:{port}")
        assert code == 0, said
        assert len(pictures("made")) == 9
        write_list(9, "outside", "outside.csv")
        code, said = finished("--batch=outside.csv", f"--workers=ray://127.0.0.1:{client}")
        assert code == 0, said
        assert pictures("outside") == pictures("made")


def wait_for(port):
    end = time.monotonic() + 300
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise TimeoutError(port)


def test_an_address_without_a_cluster_is_told(folder):
    write_list(1)
    code, said = finished("--batch=list.csv", f"--workers=127.0.0.1:{free_port()}")
    assert code == 2
    assert "--workers: Ray cannot be used at 127.0.0.1:" in said.splitlines()[0]


def test_a_thousand_rows_leave_the_memory_as_it_is(folder):
    Image.new("RGB", (16, 16), "red").save("a.png")
    for number in range(1000):
        Image.new("RGB", (16, 16), (number % 256, number // 256, 0)).save(f"{number}.png")
    rows = [f"a.png,a.png,{n}.png,made/{n}.png,pixels" for n in range(1000)]
    Path("list.csv").write_text("a,a_prime,b,out,preset\n" + "\n".join(rows) + "\n")
    levels = []

    class Watched(Crew):
        def render(self, entries, changed):
            def noted():
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                levels.append(pages * resource.getpagesize())
                changed()

            super().render(entries, noted)

    crew = Watched(Asked(2), setup=Setup(1, run="rows_that_fail:run"))
    started = time.monotonic()
    assert runner.run(lists.listing("list.csv"), {}, crew) == 0
    print(f"{time.monotonic() - started:.0f} s; MB:", [level // 10**6 for level in levels])
    assert len(levels) >= 5
    half = len(levels) // 2
    assert max(levels[half:]) - levels[half // 2] < 30e6


def test_rows_of_a_real_store_are_written_by_their_workers(folder, monkeypatch):
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    server.start()
    try:
        _, port = server.get_host_and_port()
        for name, value in (
            ("AWS_ACCESS_KEY_ID", "none"),
            ("AWS_SECRET_ACCESS_KEY", "none"),
            ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
        ):
            monkeypatch.setenv(name, value)
        import s3fs

        store = s3fs.S3FileSystem(endpoint_url=f"http://127.0.0.1:{port}")
        store.mkdir("pictures")
        for name in ("landscape-a", "landscape-a-prime", "landscape-b"):
            store.pipe_file(f"pictures/{name}.png", Path(f"{name}.png").read_bytes())
        a, ap, b = (f"s3://pictures/landscape-{x}.png" for x in ("a", "a-prime", "b"))
        rows = [f"{a},{ap},{b},s3://pictures/made/{n}.png,{n}" for n in range(3)]
        rows.append(f"{a},{ap},{b},here/3.png,0")
        rows.append(f"{a},{ap},s3://pictures/none.png,here/4.png,0")
        Path("list.csv").write_text("a,a_prime,b,out,seed\n" + "\n".join(rows) + "\n")
        words = ("--batch=list.csv", "--workers=2", "--preset=pixels")
        code, said = finished(*words)
        assert (code, statuses()) == (2, ["done"] * 4 + ["failed"]), said
        assert store.cat_file("pictures/made/0.png") == Path("here/3.png").read_bytes()
        assert finished(*words)[0] == 2
        assert statuses() == ["skipped"] * 4 + ["failed"]
        store.pipe_file("pictures/landscape-b.png", Path("recolor-b.png").read_bytes())
        assert finished(*words)[0] == 2
        assert statuses() == ["done"] * 4 + ["failed"]
    finally:
        server.stop()


def test_a_network_learns_the_same_from_what_workers_have_made(folder):
    Path("examples").mkdir()
    for name in ("landscape-b", "recolor-b", "texture"):
        with Image.open(f"{name}.png") as picture:
            picture.resize((72, 64)).save(f"examples/{name}.png")
    words = ["landscape-a.png", "landscape-a-prime.png", "--preset=pixels", "--examples=examples"]
    words += ["--learn-steps=20"]
    assert finished("--learn=plain.keras", *words)[0] == 0
    code, said = finished("--learn=many.keras", *words, "--workers=2")
    assert code == 0, said
    one, other = (
        {path.name: path.read_bytes() for path in Path(f"{name}.examples").iterdir()}
        for name in ("plain", "many")
    )
    assert one == other
    assert Path("plain.keras").read_bytes() == Path("many.keras").read_bytes()


def test_the_shots_of_a_moving_picture_are_those_of_one_process(folder):
    Path("in").mkdir()
    for number in range(9):
        name = ("landscape-b", "recolor-b", "texture")[number // 3]
        with Image.open(f"{name}.png") as picture:
            picture.crop((number, 0, 72 + number, 64)).save(f"in/{number}.png")
    pair = ["landscape-a.png", "landscape-a-prime.png", "--preset=pixels", "--transfer=picture"]
    assert finished(*pair, "in", "plain/")[0] == 0
    code, said = finished(*pair, "in", "many/", "--workers=2")
    assert code == 0, said
    one, other = (
        [Path(out, f"{number}.png").read_bytes() for number in range(9)]
        for out in ("plain", "many")
    )
    assert one == other
    begins = [row["begins"] for row in json.loads(Path("many.json").read_text())["rows"]]
    assert begins == [number % 3 == 0 for number in range(9)]
