"""Programs that use the package: threads, loops, forks and children of their own."""

import os
import subprocess
import sys

import pytest

HEAD = """
import os, sys, threading, time
import numpy as np
import analogies
pictures = np.random.default_rng(0).integers(0, 255, (3, 16, 16, 3), np.uint8)
def make(*_):
    options = {"scales": 1, "iters": 1, "votes": 1, "evaluations": 2, "device": "cpu"}
    made = analogies.make_analogy(*pictures, **options)
    assert made.shape == (16, 16, 3)
    return made
"""

# Three first calls at once, then children of each kind.
THREADS_AND_CHILDREN = """
def main():
    import concurrent.futures, subprocess
    before = dict(os.environ)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        made = list(pool.map(make, range(3)))
    assert all((one == made[0]).all() for one in made)
    os.write(2, b"heard below\\n")
    print("heard", file=sys.stderr, flush=True)

    ours = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND", "KERAS_HOME")
    assert {n: os.environ.get(n) for n in ours} == {n: before.get(n) for n in ours}
    quick = "from analogies.runs.machine import device; device.start('cpu')"
    child = subprocess.run([sys.executable, "-c", quick], capture_output=True)
    assert (child.returncode, child.stderr) == (0, b""), child.stderr

    reader, writer = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            make()
        except analogies.InputError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    said = os.read(reader, 1000).decode()
    assert "start method spawn" in said, said
    assert time.monotonic() - started < 10
if __name__ == "__main__":
    main()
"""

LOOP = """
import asyncio
async def main():
    beats = []
    async def beat():
        while True:
            beats.append(time.monotonic())
            await asyncio.sleep(0.05)
    beating = asyncio.create_task(beat())
    made = await asyncio.gather(asyncio.to_thread(make), asyncio.to_thread(make))
    beating.cancel()
    assert (made[0] == made[1]).all()
    assert len(beats) > 3
asyncio.run(main())
print("heard below\\nheard", file=sys.stderr)
"""

FORK_SERVER = """
def main():
    import multiprocessing
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["analogies", "analogies.api"])
    with context.Pool(2) as pool:
        one, other = pool.map(make, range(2))
    assert (one == other).all()
    assert (make() == one).all()
    print("heard below\\nheard", file=sys.stderr)
if __name__ == "__main__":
    main()
"""

SPAWNED = """
def main():
    import multiprocessing
    made = make()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert (pool.apply(make) == made).all()
    print("heard below\\nheard", file=sys.stderr)
if __name__ == "__main__":
    main()
"""

# It has computed by itself, and the child is the first to know of this package.
FORKED_STRANGER = """
for name in [name for name in sys.modules if name.startswith("analogies")]:
    del sys.modules[name]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
stream = os.dup(2)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
import tensorflow as tf
tf.linalg.matmul(tf.ones((64, 64)), tf.ones((64, 64)))
os.dup2(stream, 2)
child = os.fork()
if child == 0:
    import analogies
    try:
        make()
    except analogies.InputError as error:
        os._exit(7 if "start method spawn" in str(error) else 8)
    os._exit(9)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
print("heard below\\nheard", file=sys.stderr)
"""

FORK_BEFORE = """
child = os.fork()
if child == 0:
    make()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
make()
print("heard below\\nheard", file=sys.stderr)
"""

NO_STANDARD_ERROR = """
kept, sys.stderr, sys.stdout = sys.stderr, None, None
make()
sys.stderr = kept
print("heard below\\nheard", file=sys.stderr)
"""


def run(script, tmp_path):
    path = tmp_path / "host.py"
    path.write_text(HEAD + script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for name in ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def check(script, tmp_path):
    """Nothing but the host's own two lines was said, and both were heard."""
    answer = run(script, tmp_path)
    assert answer.returncode == 0, answer.stderr[-3000:]
    assert answer.stderr == "heard below\nheard\n"


def test_threads_and_children(tmp_path):
    check(THREADS_AND_CHILDREN, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [LOOP, FORK_SERVER, SPAWNED, FORK_BEFORE, FORKED_STRANGER, NO_STANDARD_ERROR],
    ids=[
        "a loop", "a fork server", "spawned", "forked before the first call",
        "forked after a stranger's", "no standard error",
    ],
)  # fmt: skip
def test_other_programs(script, tmp_path):
    check(script, tmp_path)
