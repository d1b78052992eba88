"""A child process ends with its parent, however that ends, and leaves Ctrl-C to it."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from conftest import PATIENCE

from digs.base import paths

PARENT = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from digs.base.child_process import begin_child

if __name__ == "__main__":
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=begin_child) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(600)
"""


@pytest.fixture
def parent(tmp_path):
    """A process and the number of its child."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT / "src")}
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def gone(child: int) -> bool:
    """Whether a process ends within some time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_its_parent(parent, how):
    process, child = parent
    process.send_signal(how)
    assert gone(child)


def test_ctrl_c_is_left_to_the_parent(parent):
    process, child = parent
    os.kill(child, signal.SIGINT)
    time.sleep(0.5)
    assert psutil.pid_exists(child) and process.poll() is None
