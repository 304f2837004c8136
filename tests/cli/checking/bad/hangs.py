"""It waits for a service that is not there, while it is imported."""

import threading

from marty_chassis.plugins import IPlugin, plugin

READY = threading.Event()
READY.wait()  # expect: hangs


@plugin(name="hangs", version="1.0.0", description="Waits")
class Hangs(IPlugin):
    pass
