"""A process that has TensorFlow loaded and makes analogies in copies of itself, to be killed.

    python kills.py < requests > answers

A request is a line of JSON, [folder, words of the command, moment of the SIGKILL]. A moment is
[file, seconds], so many seconds after a file is there or, without one, after the start; or null
for never. The answer is [exit code or minus the signal's number, seconds].
"""

import importlib
import json
import os
import signal
import sys
import time

from analogies.apps import command_line
from analogies.runs.machine import device as runtime


def answer(folder, words, moment):
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        os._exit(command_line.main(words))
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), time.monotonic() - started
        if moment and (not moment[0] or os.path.exists(os.path.join(folder, moment[0]))):
            time.sleep(moment[1])
            os.kill(child, signal.SIGKILL)
            moment = None
        time.sleep(0.001)


def main():
    runtime._load(fresh=True)  # no session is opened, so that copies of the process are sound
    for name in ("runs.run", "synthesis.loop", "runs.record", "runs.checkpoints.writer"):
        importlib.import_module(f"analogies.{name}")
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)


main()
