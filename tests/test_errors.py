"""Every message of an error in full: what failed, where, what was found, what to do.

Reading it is reading the manual of what can go wrong. Those of the lifecycle are beside it, in
`tests/lifecycle/test_messages.py`.
"""

from __future__ import annotations

import inspect

import pytest

from marty_chassis import errors
from marty_chassis.boundary import Fault, Phase
from marty_chassis.errors import MartyError, Problem
from tests.lifecycle.test_messages import MESSAGES as OF_THE_LIFECYCLE

MESSAGES: dict[MartyError, str] = {
    errors.ConfigurationExists("config.yaml"): (
        "config.yaml exists already and is left as it is. Name another file, or remove it."
    ),
    errors.InvalidPluginName("my__plugin"): (
        "'my__plugin' cannot be a plugin's name. Use letters, digits and single hyphens, "
        "underscores or dots between them; two underscores separate keys in the names of "
        "environment variables."
    ),
    errors.InvalidConfiguration(
        [Problem("service.prot", "an unknown key", "config.yaml:2:9", "Did you mean 'port'?")]
    ): (
        "the configuration cannot be used, 1 problem:\n"
        "  config.yaml:2:9 service.prot: an unknown key. Did you mean 'port'?"
    ),
    errors.WrongMiddleware(
        "starlette.middleware.gzip:GZip", "the module has no GZip", "Look at its spelling."
    ): (
        "the middleware 'starlette.middleware.gzip:GZip' cannot be used: the module has "
        "no GZip. Look at its spelling."
    ),
    errors.NotAPlugin("dict"): (
        "an object of type 'dict' was given as a plugin. Give a class, an instance, a "
        "function that makes one, a module with hookimpls, or the path of a file that "
        "holds one."
    ),
    errors.UnknownHook("health.chek", ["health.check"]): (
        "someone asks the hook 'health.chek', which does not exist. Did you mean "
        "'health.check'? `marty hooks list` shows every hook."
    ),
    errors.UnknownHook("health_chek", ["health_check"], plugin="audit"): (
        "plugin 'audit' implements the hook 'health_chek', which does not exist. Did you "
        "mean 'health_check'? `marty hooks list` shows every hook. Mark it "
        "optionalhook=True if another plugin may bring it."
    ),
    errors.WrongArguments(
        "service_pre_register",
        ["info"],
        ["service_info"],
        plugin="audit",
        place="plugins/audit.py:12",
    ): (
        "plugin 'audit' implements 'service_pre_register' at plugins/audit.py:12 with "
        "info; the hook has service_info. Take any of these by name, as plain parameters,"
        " or none."
    ),
    errors.WrongArguments(
        "health_check", ["*args"], [], plugin="audit", place="plugins/audit.py:12"
    ): (
        "plugin 'audit' implements 'health_check' at plugins/audit.py:12 with *args; the "
        "hook has no arguments. Take any of these by name, as plain parameters, or none."
    ),
    errors.ExtensionPointClash("data.transform", "data_transform"): (
        "extension point 'data.transform' clashes with 'data_transform': both are the "
        "hook 'data_transform', with another signature or type. Choose another name."
    ),
    errors.WrongAnswer(
        "site", "web.routes", "int: 3", "a list of Starlette routes: Route, Mount, WebSocketRoute."
    ): (
        "plugin 'site' answered 'web.routes' with int: 3. Return a list of Starlette "
        "routes: Route, Mount, WebSocketRoute."
    ),
    errors.HookFailed("audit", "middleware.process", "ValueError", "no such table"): (
        "plugin 'audit' failed in 'middleware.process': ValueError: no such table. Its "
        "log lines (plugin=audit) hold the traceback."
    ),
    errors.PluginFault(
        Fault("audit", Phase.START, None, "ValueError", "no such table", "Traceback ...", 0.0)
    ): (
        "plugin 'audit': start failed: ValueError: no such table. Its log lines "
        "(plugin=audit) hold the traceback."
    ),
    errors.DeadlineExceeded("health.check of audit", 5.0, left=True): (
        "health.check of audit had no answer within 5 s. It was cancelled and has left."
    ),
    errors.DeadlineExceeded("health.check of audit", 5.0, left=False): (
        "health.check of audit had no answer within 5 s. It was cancelled, did not leave,"
        " and was left behind: look for an `except` around an `await` that does not raise"
        " again, or for a thread that is waited for."
    ),
    errors.TaskCancelled("ticker of audit"): (
        "the task 'ticker of audit' was cancelled and has no result."
    ),
    errors.GroupFailed("audit"): (
        "a task group that plugin 'audit' holds open has failed. Close it in `stop`, "
        "where it raises what has happened; or use context.tasks."
    ),
    errors.ApplicationEnded(started=False): (
        "the application ended without a response. Look whether its client had gone."
    ),
    errors.ApplicationEnded(started=True): (
        "the application ended without the end of its response. Look whether its client had gone."
    ),
    errors.InvalidEvent(
        "the type of an event", "", "Use words with dots between them, as in user.login."
    ): (
        "the type of an event '' cannot be used. Use words with dots between them, as in "
        "user.login."
    ),
    errors.WrongHandler("audit", "user.*", "note at plugins/audit.py:12", "takes a, b, c"): (
        "plugin 'audit' subscribes note at plugins/audit.py:12 to 'user.*', and it takes "
        "a, b, c. Take `event_data`, or `event_type` and `event_data`, or `event`."
    ),
    errors.ForeignSource("audit", "billing", "user.login"): (
        "plugin 'audit' publishes 'user.login' with the source 'billing'; an event's "
        "source is who published it. Leave `source` out, or pass your own name."
    ),
    errors.MailboxFull("user.login", [("audit", "user.*")], size=1000, seconds=5.0): (
        "the mailbox of 'audit' (user.*) had no room for 'user.login' within 5 s: 1000 "
        "events wait there. Its handler is too slow or hangs; make it faster, or "
        "subscribe it with when_full='drop', or raise events.mailbox."
    ),
    errors.NotHandled("user.login", [("audit", "user.*")], 5.0): (
        "'audit' (user.*) had not handled 'user.login' within 5 s. It is still in the "
        "mailbox; raise `seconds`, or publish without wait=True."
    ),
    errors.NestedWait("user.login", "user.*"): (
        "'user.login' is published with wait=True inside a handler of 'user.*'; handlers "
        "that wait for handlers can wait for themselves. Publish without wait=True."
    ),
    errors.InvalidService("the service that 'audit' registers", ["'port' is 0"]): (
        "the service that 'audit' registers cannot be used: 'port' is 0."
    ),
    errors.ForeignService("billing-1", "consul", "audit"): (
        "plugin 'audit' may not change the service 'billing-1': it was registered by "
        "'consul'. Register yours with another id, or let 'consul' do it."
    ),
    errors.UnknownService("billing-2", ["billing-1"], "audit"): (
        "plugin 'audit' has no service 'billing-2': it was never registered, or no "
        "heartbeat came in time. Did you mean 'billing-1'? Register it again."
    ),
    errors.MissingExtra("serving", "uvicorn", "server"): (
        "serving needs uvicorn, which is not installed. Install it with the extra "
        "'server': pip install \"marty-chassis[server]\""
    ),
    errors.CannotListen("127.0.0.1", 8000, "another program listens there", taken=True): (
        "cannot listen on 127.0.0.1:8000: another program listens there. Stop the program"
        " that listens there, or take another port (0 takes a free one): --host and "
        "--port, or service.host and service.port."
    ),
    errors.CannotListen("203.0.113.7", 8000, "cannot assign requested address"): (
        "cannot listen on 203.0.113.7:8000: cannot assign requested address. Give an "
        "address of this machine and a port that you may use: --host and --port, or "
        "service.host and service.port."
    ),
    errors.NoApplication("orders:app", "there is no module orders", "Start where it is."): (
        "the application 'orders:app' cannot be served: there is no module orders. Start "
        "where it is."
    ),
    errors.StartupFailed("no database"): (
        "the application did not start; what was logged just before this says why."
    ),
    errors.WrongLoop("asyncio"): (
        "uvicorn runs on asyncio alone, and this is another event loop. Start the program"
        ' with anyio.run(main, backend="asyncio"), or serve with a server of that loop.'
    ),
    errors.WorkersApart("/run/user/0/marty belongs to another user"): (
        "the workers of this service cannot hear each other: /run/user/0/marty belongs to"
        " another user. What is reloaded, enabled or disabled in this one is not in the "
        "others. Set XDG_RUNTIME_DIR to a folder with a short path that belongs to this "
        "user alone."
    ),
    errors.NoService("http://localhost:8000", "it answers 404", "Give --url."): (
        "no service can be asked at http://localhost:8000: it answers 404. Give --url."
    ),
    errors.NotMade("get_plugin_manager", "create_fastapi_service_with_plugins"): (
        "get_plugin_manager() was called before anything was made. Await "
        "create_fastapi_service_with_plugins() first."
    ),
}


@pytest.mark.parametrize("error", MESSAGES, ids=repr)
def test_what_an_error_says(error: MartyError) -> None:
    assert str(error) == MESSAGES[error]


def test_every_error_is_shown() -> None:
    own = {
        value
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, MartyError) and "__str__" in vars(value)
    }

    assert own - {type(error) for error in (*MESSAGES, *OF_THE_LIFECYCLE)} == set()


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        name = next(
            (word for word in line.split() if word.isidentifier() and word[0].isupper()), ""
        )
        if not isinstance(getattr(errors, name, None), type) or "    " not in line:
            continue
        depth = (line.index(name) - 4) // 4
        above[depth:] = [name]
        drawn[name] = above[depth - 1] if depth else "Exception"
    real = {
        name: value.__mro__[1].__name__
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, MartyError)
    }

    assert drawn == real
