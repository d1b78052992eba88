"""What a process that another one starts does first. It imports nothing of weight, so that it is done at once."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait


def begin_child() -> None:
    """Leave Ctrl-C to the parent, which a terminal sends to both, and end when the parent does, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
