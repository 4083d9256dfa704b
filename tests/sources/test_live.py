"""The box in which a host leaves its news."""

import threading
import time

from logscan.sources.live import Inbox, ReadTo


def test_what_is_put_together_is_taken_together():
    inbox, taken = Inbox(), []
    taker = threading.Thread(target=lambda: taken.append(inbox.take(30)))
    taker.start()
    with inbox.together():
        inbox.put(ReadTo("host", 1))
        time.sleep(0.1)  # more than enough for whoever waits to wake up
        inbox.put(ReadTo("host", 2))
    taker.join()
    assert [[ReadTo("host", 1), ReadTo("host", 2)]] == taken
