"""Asking plugins: the manager on pluggy's, asynchronous calls, generations, extension points."""

from .answers import Answer
from .around import Manners, chain
from .ask import Hooks
from .contribution import Contribution, Part
from .extension_points import ExtensionPointManager
from .failures import Failures, hook_failed
from .generation import Generation, Lease, PointState
from .handler import Handler, Turn
from .hold import Hold
from .manager import HookManager
from .points import ExtensionPoint
from .registrations import Registrations, Standing
from .selector import Selector
from .steps import Step, is_awaitable, step

__all__ = [
    "Answer",
    "Contribution",
    "ExtensionPoint",
    "ExtensionPointManager",
    "Failures",
    "Generation",
    "Handler",
    "Hold",
    "HookManager",
    "Hooks",
    "Lease",
    "Manners",
    "Part",
    "PointState",
    "Registrations",
    "Selector",
    "Standing",
    "Step",
    "Turn",
    "chain",
    "hook_failed",
    "is_awaitable",
    "step",
]
