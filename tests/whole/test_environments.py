"""The smallest job wherever the command may be started: each of these must make the picture."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SMALL = ["--scales=1", "--iters=1", "--votes=1", "--evaluations=2", "--quiet"]
COMMAND = "from analogies.apps.entry import run; run()"
SIDE = 16

BLOCKED = """
import os, signal, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "resource"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
for name in ("fcntl", "resource"):
    sys.modules.pop(name, None)
for module, names in ((signal, ("SIGHUP", "SIGPIPE")),
                      (os, ("sched_getaffinity", "memfd_create"))):
    for name in names:
        if hasattr(module, name):
            delattr(module, name)
"""

NO_TEMPORARY_FOLDER = """
import os, tempfile
tempfile.tempdir = os.path.join(os.devnull, "none")
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with a.png, ap.png and b.png."""
    random = np.random.default_rng(0)
    for name in ("a", "ap", "b"):
        pixels = random.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return tmp_path


def make(
    folder,
    *words,
    before="",
    prefix=(),
    flags=(),
    settings=SMALL,
    variables=None,
    without=(),
    closed=(),
    **details,
):
    """Run the command in a folder.

    Args:
        before: Python that runs first.
        prefix: a command that starts Python.
        flags: of Python.
        settings: options of the command, beside `words`.
        variables, without: environment variables that are set, and that are not.
        closed: standard streams.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment |= variables or {}
    for name in without:
        environment.pop(name, None)

    def prepare():
        for number in closed:
            os.close(number)

    command = [*prefix, sys.executable, *flags, "-c", before + COMMAND]
    return subprocess.run(
        [*command, "a.png", "ap.png", "b.png", "out.png", *settings, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
        preexec_fn=prepare,
        **details,
    )


def check(folder, answer):
    """There is a whole picture, and neither libraries nor the system said anything."""
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, b"", b"")
    with Image.open(folder / "out.png") as picture:
        assert picture.convert("RGB").size == (SIDE, SIDE)
    left = {path.name for path in folder.iterdir()}
    assert left == {"a.png", "ap.png", "b.png", "out.json", "out.png"}


def root_and(*commands):
    """Skips where these cannot be used."""
    missing = os.geteuid() != 0 or any(shutil.which(command) is None for command in commands)
    return pytest.mark.skipif(missing, reason=f"needs root and {' '.join(commands)}")


def mounted(script):
    """The start of a command that sees file systems of its own; skips where that is forbidden."""
    private = ["unshare", "--mount", "sh", "-ec", script + '\nexec "$@"', "sh"]
    tried = subprocess.run([*private, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"file systems cannot be mounted here: {tried.stderr[:200]!r}")
    return private


def test_everything_at_once(folder):
    """Of the environments below those that go together, so that the quick tests see them."""
    place = folder / "Bäume 樹"
    place.mkdir()
    for name in ("a", "ap", "b"):
        (folder / f"{name}.png").rename(place / f"{name}.png")
    answer = make(
        place,
        before=BLOCKED + NO_TEMPORARY_FOLDER,
        flags=["-O"],
        variables={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} | NOWHERE,
        without=["KERAS_HOME"],
        closed=(0, 1, 2),
        umask=0o077,
    )
    check(place, answer)
    assert (place / "out.png").stat().st_mode & 0o777 == 0o600


def test_every_module_without_those_of_posix(tmp_path):
    """None needs them to be imported."""
    script = """
import importlib, pkgutil, analogies
found = [module.name for module in pkgutil.walk_packages(analogies.__path__, "analogies.")]
for name in found:
    if not name.endswith(("__main__", "workers.cluster")):  # Ray itself needs them
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:  # of an extra that is not installed
            if error.name not in ("cv2", "fastapi", "gradio", "imageio_ffmpeg", "ray"):
                raise
print(len(found))
"""
    answer = subprocess.run(
        [sys.executable, "-c", BLOCKED + script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert int(answer.stdout) > 60


NOWHERE = {"HOME": os.path.join(os.devnull, "home")}
PLAIN = {
    "as it is": {},
    "no standard input": {"closed": (0,)},
    "no standard output": {"closed": (1,)},
    "no standard error": {"closed": (2,)},
    "no input and output": {"closed": (0, 1)},
    "no input and error": {"closed": (0, 2)},
    "no output and error": {"closed": (1, 2)},
    "no standard streams": {"closed": (0, 1, 2)},
    "no variable HOME": {"without": ["HOME"]},
    "no folder HOME": {"variables": NOWHERE},
    "an empty KERAS_HOME": {"variables": {**NOWHERE, "KERAS_HOME": ""}},
    "KERAS_HOME that cannot be": {"variables": {"KERAS_HOME": os.path.join(os.devnull, "keras")}},
    "no home, but KERAS_HOME": {"variables": {**NOWHERE, "KERAS_HOME": "/tmp"}},
    "no environment": {"prefix": ["env", "-i"]},
    "no temporary folder": {"before": NO_TEMPORARY_FOLDER},
    "no modules of POSIX": {"before": BLOCKED},
    "optimized Python": {"flags": ["-O"]},
    "twice optimized Python": {"flags": ["-OO"]},
    "warnings as errors": {"flags": ["-W", "error"]},
    "development mode": {"flags": ["-X", "dev", "-W", "ignore"]},
    "umask 077": {"umask": 0o077},
    "umask 777": {"umask": 0o777},
    "nice": {"prefix": ["nice", "-n", "19"]},
    "one core": {"prefix": ["taskset", "-c", "0"]},
    "a session of its own": {"start_new_session": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
def test_environment(name, folder):
    prefix = PLAIN[name].get("prefix")
    if prefix and shutil.which(prefix[0]) is None:
        pytest.skip(f"no {prefix[0]} here")
    details = dict(PLAIN[name])
    if prefix == ["env", "-i"]:
        details["prefix"] = [*prefix, f"PYTHONPATH={os.pathsep.join(filter(None, sys.path))}"]
    check(folder, make(folder, **details))
    mode = (folder / "out.png").stat().st_mode & 0o777
    assert mode == 0o666 & ~details.get("umask", os.umask(os.umask(0o022)))


NOBODY = {
    "a reader that has gone": 'set -o pipefail; "$@" 2>&1 | true',
    "a reader that goes after a line": 'set -o pipefail; "$@" 2>&1 | head -n 1 > /dev/null',
    "a full disk behind the log": 'exec "$@" > /dev/full 2>&1',
}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize("name", NOBODY)
@pytest.mark.parametrize("words", [["--verbose"], []], ids=["--verbose", ""])
def test_nobody_who_listens(name, words, folder):
    loud = [word for word in SMALL if word != "--quiet"]
    answer = make(folder, *words, prefix=["bash", "-c", NOBODY[name], "bash"], settings=loud)
    check(folder, answer)


@pytest.mark.slow
@pytest.mark.parametrize("utf8", ["0", "1"])
def test_a_locale_of_ascii_and_names_that_it_lacks(utf8, folder):
    answer = make(
        folder,
        "--logdir=Läufe",
        "--checkpoint=Stände",
        variables={"LC_ALL": "C", "PYTHONUTF8": utf8, "PYTHONCOERCECLOCALE": "0"},
    )
    assert answer.returncode == 0, answer.stderr
    assert (folder / "out.png").is_file()
    assert list((folder / "Läufe").rglob("events*"))


def limited(kind, most):
    """The start of a command under a limit."""
    script = f"import os, resource, sys; resource.setrlimit(resource.{kind}, ({most}, {most}))\n"
    return [sys.executable, "-c", script + "os.execv(sys.argv[1], sys.argv[1:])"]


LIMITS = {
    "files of 32 KB": ("RLIMIT_FSIZE", 32 << 10),
    "40 open files": ("RLIMIT_NOFILE", 40),
    "no core": ("RLIMIT_CORE", 0),
    "6 GB of addresses": ("RLIMIT_AS", 6 << 30),
    "small stacks": ("RLIMIT_STACK", 1 << 20),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITS)
def test_limits(name, folder):
    kind, most = LIMITS[name]
    hard = resource.getrlimit(getattr(resource, kind))[1]
    if hard != resource.RLIM_INFINITY and hard < most:
        pytest.skip("a tighter limit holds here")
    check(folder, make(folder, prefix=limited(kind, most)))


@pytest.mark.slow
@root_and("setpriv")
@pytest.mark.parametrize("keras", [False, True], ids=["", "KERAS_HOME"])
def test_a_user_that_nobody_knows(keras, folder):
    """It may read everything, as this checkout may be anywhere, and write into one folder."""
    user = 54321
    os.chown(folder, user, user)
    for above in folder.parents:
        if above != Path("/") and above.stat().st_uid == os.geteuid() and "pytest" in above.name:
            above.chmod(0o755)
    capability = "-all,+dac_read_search"
    prefix = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    prefix += [f"--inh-caps={capability}", f"--ambient-caps={capability}"]
    variables = {"KERAS_HOME": "/dev/null/keras"} if keras else {}
    answer = make(folder, prefix=prefix, variables=variables, without=["HOME", "USER", "LOGNAME"])
    check(folder, answer)


@pytest.mark.slow
@root_and("unshare", "mount")
def test_everything_read_only_but_the_folder_of_the_result(folder):
    script = f"""
        mount --make-rprivate /
        mount --bind {folder} {folder}
        mount -o remount,bind,ro /
        for place in /tmp /var/tmp /dev/shm /root; do
          if mountpoint -q $place; then mount -o remount,bind,ro $place; fi
        done
        for place in /tmp /var/tmp /dev/shm "$HOME"; do
          if touch $place/written 2>/dev/null; then rm $place/written; exit 3; fi
        done
        cd {folder}
    """
    check(folder, make(folder, prefix=mounted(script)))


@pytest.mark.slow
@root_and("unshare", "mount")
def test_little_shared_memory(folder):
    prefix = mounted("mount -t tmpfs -o size=256m none /dev/shm")
    check(folder, make(folder, prefix=prefix))


@pytest.mark.slow
@root_and("unshare", "mount")
def test_no_sys(folder):
    """Without /proc TensorFlow itself aborts."""
    prefix = mounted("mount -t tmpfs none /sys")
    check(folder, make(folder, prefix=prefix))


@pytest.mark.slow
@root_and("sh")
def test_a_control_group_with_little_memory(folder):
    group = Path("/sys/fs/cgroup") / f"analogies-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        if not (group / "memory.max").exists():  # no such file system, or none for memory
            pytest.skip("control groups do not limit memory here")
        (group / "memory.max").write_text(str(2 << 30))
        join = ["sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh"]
        check(folder, make(folder, prefix=join))
    finally:
        group.rmdir()
