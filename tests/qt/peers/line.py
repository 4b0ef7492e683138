"""The line between a Qt program and the test that runs it.

The test writes orders to standard input, and the program writes answers to standard output: a JSON
object each, on a line of its own. The program ends when the test closes the line, and when it
fails.
"""

import json
import os
import sys

from PySide6.QtCore import QCoreApplication, QSocketNotifier


def fail(*error):
    # PySide6 only prints the error of a slot, and the test would wait for an answer.
    sys.__excepthook__(*error)
    os._exit(1)


sys.excepthook = fail
app = QCoreApplication(sys.argv)


def say(**answer):
    print(json.dumps(answer), flush=True)


def run(orders):
    """Runs the event loop. Calls the function that `orders` has for the name of each order."""
    begun = b""

    def read():
        nonlocal begun
        piece = os.read(0, 65536)
        if not piece:
            app.quit()
        *lines, begun = (begun + piece).split(b"\n")
        for line in lines:
            order = json.loads(line)
            orders[order.pop("do")](**order)

    notifier = QSocketNotifier(0, QSocketNotifier.Type.Read)
    notifier.activated.connect(read)
    app.exec()
