"""A KeyboardInterrupt that arrived inside a plugin: it was meant for the service."""

from __future__ import annotations

import signal
import threading

from loguru import logger


def ask_for_shutdown() -> None:
    """Hand an interrupt on to whoever handles SIGINT here: a server, or the event loop's runner.

    Where nobody does, and outside of the main thread, it is only said: raising it here would tear
    down whatever happens to run.
    """
    nobody = (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None)
    here = threading.current_thread() is threading.main_thread()
    if here and signal.getsignal(signal.SIGINT) not in nobody:
        logger.warning("an interrupt arrived inside a plugin: the service is asked to stop")
        signal.raise_signal(signal.SIGINT)
    else:
        logger.warning("an interrupt arrived inside a plugin, and nobody here handles interrupts")
