"""It leaves without a word when it does not like where it is."""

import os

from marty_chassis.plugins import IPlugin, plugin

if "ORDERS_HOME" not in os.environ:
    os._exit(3)  # expect: ends-service, ends-process


@plugin(name="ends-the-process", version="1.0.0", description="Leaves")
class EndsTheProcess(IPlugin):
    pass
