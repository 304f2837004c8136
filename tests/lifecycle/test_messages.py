"""Every message of the lifecycle in full: what failed, where, what was found, what to do."""

from __future__ import annotations

import pytest

from marty_chassis import errors

MESSAGES = {
    errors.PluginNotReady(): "not ready",
    errors.PluginNotReady("no database", retry_after=5): "no database",
    errors.UnknownPlugin("tracking", ["tracing", "audit"]): (
        "no plugin here is called 'tracking'. Did you mean 'tracing'?"
        " `marty plugins list` shows those that are."
    ),
    errors.PluginBusy("audit", "stopping"): (
        "plugin 'audit' is stopping. Ask again when that is over."
    ),
    errors.PluginExists("audit", "plugins/audit.py"): (
        "plugin 'audit' is here already, from plugins/audit.py."
        " Unload it first, or give the other one another name."
    ),
    errors.PluginDisabled("audit"): "plugin 'audit' is disabled. Enable it first.",
    errors.PluginRequired("auth", ["auth"]): (
        "plugin 'auth' is required: without it every request of the application is answered with"
        " 503. Use force, or set plugins.settings.<name>.required to false."
    ),
    errors.PluginRequired("keys", ["auth", "sso"]): (
        "plugin 'keys' would take 'auth', 'sso' with it, and that is required: without it every"
        " request of the application is answered with 503. Use force, or set"
        " plugins.settings.<name>.required to false."
    ),
    errors.PluginUnavailable("cache", "stopped"): (
        "plugin 'cache' cannot be used, it is stopped."
        " Name it in `dependencies`, and ask for it anew each time."
    ),
    errors.PluginGone("audit", "task"): (
        "task: this run of plugin 'audit' is over, and what it registered has been undone."
        " Keep nothing of its context after `stop`."
    ),
    errors.GroupFailed("audit"): (
        "a task group that plugin 'audit' holds open has failed. Close it in `stop`, where it"
        " raises what has happened; or use context.tasks."
    ),
    errors.NotRunning("start of plugin 'audit'"): (
        "start of plugin 'audit': plugins are not running here. Start them first, with the"
        " application's lifespan, `async with chassis:` or `await manager.start()`."
    ),
    errors.StartAborted({"auth": "error. no key.", "web": "blocked. needs 'auth'."}): (
        "the service does not start without these plugins:\n"
        "  auth: error. no key.\n"
        "  web: blocked. needs 'auth'."
    ),
    errors.WrongMove("audit", "loaded", "started"): (
        "plugin 'audit' cannot go from loaded to started."
        " This is a mistake in marty-chassis: please report it."
    ),
    errors.InvalidRequirement("audit", "a b"): (
        "plugin 'audit' depends on 'a b', which cannot be read."
        ' Write a name, with versions if they matter: "metrics" or "metrics>=1.2,<2".'
    ),
    errors.DependencyCycle(["a", "b", "a"]): (
        "plugins wait for each other:\n      a\n  └─> b\n  └─> a\nRemove one of these dependencies."
    ),
}


@pytest.mark.parametrize(
    ("error", "text"),
    MESSAGES.items(),
    ids=[f"{type(one).__name__}-{number}" for number, one in enumerate(MESSAGES)],
)
def test_a_message_says_what_failed_and_what_to_do(error: errors.MartyError, text: str) -> None:
    assert str(error) == text
    assert isinstance(error, errors.LifecycleError)
