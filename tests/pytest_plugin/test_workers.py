"""Which threads a test may leave running."""

from __future__ import annotations

import queue
import threading
from logging.handlers import QueueListener

from kailash_testkit.pytest_plugin.workers import Threads


def test_a_listener_for_log_records_is_not_the_tests() -> None:
    """Litestar, among others, starts one with the application, for good."""
    threads = Threads()
    threads.remember()
    listener = QueueListener(queue.Queue())
    listener.start()
    try:
        assert threads.left() == []
    finally:
        listener.stop()


def test_a_thread_of_the_tests_own_is() -> None:
    threads = Threads()
    threads.remember()
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait, name="of the test")
    thread.start()
    try:
        assert threads.left() == ["'of the test'"]
    finally:
        go_on.set()
        thread.join()
