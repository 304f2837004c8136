"""What a plugin does around its context: nothing of it is undone when the plugin stops."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from .awaiting import is_waited_for
from .finding import Finding
from .source import Source

_TASK: Final = (
    "Use self.context.tasks.start(function): it ends with the plugin, and its error is seen."
)
_UNDO: Final = "self.context.resources.callback"
_BEFORE: Final = "Leave it to the service, before it starts; a plugin reads its own section."


@dataclass(frozen=True, slots=True)
class Reach:
    """One way around the context."""

    rule: str
    calls: tuple[str, ...]
    """Patterns of dotted names."""
    message: str
    hint: str


REACHES: Final = (
    Reach(
        "own-thread",
        ("threading.Thread", "threading.Timer", "_thread.start_new_thread"),
        "nothing ends this thread when the plugin stops",
        f"{_TASK} Where a thread must be, what ends it is given to {_UNDO}.",
    ),
    Reach(
        "own-task",
        (
            "asyncio.create_task",
            "asyncio.ensure_future",
            "asyncio.get_*loop().create_task",
            "trio.lowlevel.spawn_system_task",
        ),
        "nothing ends this task, and nobody hears of its error",
        _TASK,
    ),
    Reach(
        "at-exit",
        ("atexit.register",),
        "it is called when the process ends, by then for every generation of the plugin",
        f"Do it in stop(), or give it to {_UNDO}.",
    ),
    Reach(
        "signal-handler",
        ("signal.signal", "asyncio.get_*loop().add_signal_handler"),
        "it takes the handler of the whole service",
        "Do it in stop(), which is called when the service is told to end.",
    ),
    Reach(
        "global-logging",
        (
            "*.addHandler",
            "logging.basicConfig",
            "logging.config.*Config",
            "loguru.logger.add",
            "loguru.logger.configure",
            "loguru.logger.remove",
        ),
        "it sets up logging for everybody, once more at each reload",
        "Use self.context.logger, and leave to the service where it goes. Where a handler must be,"
        f" {_UNDO}(logger.removeHandler, handler) takes it away.",
    ),
    Reach(
        "global-environment",
        (
            *(f"os.environ.{how}" for how in ("clear", "pop", "setdefault", "update")),
            "os.putenv",
            "os.unsetenv",
        ),
        "every plugin and every child process sees it",
        _BEFORE,
    ),
    Reach(
        "global-modules",
        (
            *(f"sys.path.{how}" for how in ("append", "extend", "insert", "remove")),
            *(f"sys.meta_path.{how}" for how in ("append", "insert")),
            *(f"sys.modules.{how}" for how in ("clear", "pop", "setdefault", "update")),
        ),
        "it changes what everybody imports",
        "Write from . import other for what lies beside the plugin, or install it.",
    ),
    Reach(
        "global-state",
        (
            "asyncio.set_event_loop_policy",
            "locale.setlocale",
            "os.chdir",
            "os.umask",
            "socket.setdefaulttimeout",
        ),
        "it changes a setting of the whole process",
        _BEFORE,
    ),
    Reach(
        "ends-service",
        ("sys.exit", "os._exit", "os.abort", "exit", "quit"),
        "it ends the service, with every other plugin in it",
        "Raise an error: it turns this plugin off, and PluginNotReady has it tried again.",
    ),
)

_TABLES: Final[Mapping[str, str]] = {
    "os.environ": "global-environment",
    "sys.modules": "global-modules",
    "sys.path": "global-modules",
}
"""What must not be written into."""
_COLLECTORS: Final = frozenset(
    f"prometheus_client.{name}"
    for name in ("Counter", "Gauge", "Histogram", "Summary", "Info", "Enum")
)


def check(source: Source) -> Iterator[Finding]:
    """Look at calls and assignments, but for those of what is run from the command line."""
    for node in _in_the_service(source.tree):
        match node:
            case ast.Call():
                yield from _called(node, source)
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                for target in targets:
                    yield from _written(target, source)
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target, value=ast.expr()):
                yield from _written(target, source)


def _in_the_service(tree: ast.Module) -> Iterator[ast.AST]:
    """All but `if __name__ == "__main__":`, and click's commands: these have their own process."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                continue
            case ast.FunctionDef(decorator_list=made) if any(map(_makes_a_command, made)):
                continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _makes_a_command(decorator: ast.expr) -> bool:
    """`@click.command()`, `@group.command("name")`."""
    match decorator:
        case ast.Call(func=ast.Attribute(attr="command" | "group")):
            return True
    return False


def _called(call: ast.Call, source: Source) -> Iterator[Finding]:
    name = source.names.dotted(call.func)
    if not name and isinstance(call.func, ast.Attribute):
        name = f"?.{call.func.attr}"  # A method of whatever it is.
    registries = [one.value for one in call.keywords if one.arg == "registry"]
    theirs = not registries or source.names.dotted(registries[0]) == "prometheus_client.REGISTRY"
    if name in _COLLECTORS and theirs:
        yield source.finding(
            "global-metrics",
            call,
            "it enters the registry of the whole process, where a reload finds its name taken",
            "Use self.context.metrics, or pass registry=self.context.metrics.registry.",
        )
    elif name == "setattr" and call.args:
        yield from _patched(call, call.args[0], source)
    for reach in REACHES:
        if any(fnmatchcase(name, one) for one in reach.calls) and not _is_fine(call, name, source):
            yield source.finding(reach.rule, call, reach.message, reach.hint)


def _is_fine(call: ast.Call, name: str, source: Source) -> bool:
    """Whether a call of this kind does no harm: what it begins is ended, or it does nothing."""
    match name.rpartition(".")[2]:
        case "addHandler":
            null = "logging.NullHandler()" in map(source.names.dotted, call.args)
            return null or "removeHandler" in source.outline.mentioned
        case "add":
            return "remove" in source.outline.mentioned
        case "remove":
            return bool(call.args) and name == "loguru.logger.remove"
        case "create_task" | "ensure_future":
            return is_waited_for(call, source)
    return False


def _written(target: ast.expr, source: Source) -> Iterator[Finding]:
    """An assignment to `os.environ["X"]`, `sys.path`, `module.name`."""
    holder = target.value if isinstance(target, ast.Subscript) else target
    rule = _TABLES.get(source.names.dotted(holder))
    if rule is not None:
        reach = next(one for one in REACHES if one.rule == rule)
        yield source.finding(rule, target, reach.message, reach.hint)
    elif isinstance(target, ast.Attribute):
        yield from _patched(target, target.value, source)


def _patched(at: ast.expr, holder: ast.expr, source: Source) -> Iterator[Finding]:
    """A change of an imported module, or of a class of one; other objects may be anybody's."""
    name = source.names.dotted(holder)
    last = name.rpartition(".")[2]
    is_class = last[:1].isupper() and not last.isupper() and not name.startswith(".")
    if "(" in name or not (is_class or source.names.is_module(name)):
        return
    yield source.finding(
        "monkeypatch",
        at,
        f"it changes {name} for everybody, and a reload changes what is changed already",
        f"Wrap what the plugin itself uses; what puts back a change that must be is given to {_UNDO}.",
    )
