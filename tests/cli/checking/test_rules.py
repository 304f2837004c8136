"""What the bad plugins do not show: other ways to write the same mistake, and the words."""

from __future__ import annotations

import json

import pytest

from marty_chassis.cli.checking import RULES

from ..conftest import Marty, Write
from .conftest import Check, Rules, found


@pytest.mark.parametrize(
    "words",
    [
        "import time as t\n",
        "from time import sleep as nap\n",
        "import time\nnap = time.sleep\n",
    ],
)
def test_a_name_is_followed_to_where_it_is_from(rules: Rules, words: str) -> None:
    call = "nap(1)" if "nap" in words else "t.sleep(1)"

    broken = rules(f"""
{words}
@hookimpl
async def health_check():
    {call}

plugin_metadata = PluginMetadata(name="one", version="1", description="One")
""")

    assert [rule for _, rule in broken] == ["blocking-call"]


@pytest.mark.parametrize(
    "call",
    [
        "requests.session().get('https://users.example')",
        "httpx.get('https://users.example')",
        "self.client.post('https://users.example')",
        "sqlite3.connect('x').cursor().execute('select 1')",
        "requests.sessions.Session().get('https://users.example')",
        "socket.create_connection(('users.example', 80))",
        "socket.create_connection(('users.example', 80)).recv(10)",
        "subprocess.Popen(['true']).wait()",
        "subprocess.Popen(['true']).communicate()",
        "queue.Queue().get()",
        "threading.Lock().acquire()",
        "threading.Event().wait()",
        "subprocess.check_output(['true'])",
        "os.system('true')",
        "input('Who?')",
        "anyio.run(self.stop)",
    ],
)
def test_it_waits(rules: Rules, call: str) -> None:
    broken = rules(f"""
import anyio, httpx, os, queue, requests, socket, sqlite3, subprocess, threading

@plugin(name="one", **described)
class One(IHealthPlugin):
    def __init__(self):
        self.client = httpx.Client()

    async def check_health(self):
        return {call}
""")

    assert (10, "blocking-call") in broken


def test_what_is_called_in_the_event_loop_waits_there(check: Check, write: Write) -> None:
    write(
        "one.py",
        """
        import time

        from marty_chassis.plugins import IHealthPlugin, hookimpl, plugin

        @plugin(name="one", version="1", description="One")
        class One(IHealthPlugin):
            async def start(self):
                self._ask()
                self._connect()

            async def check_health(self):
                return self._ask()

            @hookimpl
            def metrics_collect(self):
                return count()

            def _ask(self):
                return nap(2)

            def _connect(self):
                time.sleep(3)

        def nap(seconds):
            time.sleep(seconds)
            return nap(seconds)

        def count():
            time.sleep(1)
        """,
    )

    found = check("one.py", "--static")["findings"]

    assert [(one["line"], one["severity"], one["message"]) for one in found] == [
        (
            22,
            "warning",
            "time.sleep() waits in the event loop, and every request waits with it: 'start' calls"
            " '_connect'",
        ),
        (
            25,
            "error",
            "time.sleep() waits in the event loop, and every request waits with it: 'check_health'"
            " calls '_ask', which calls 'nap'",
        ),
        (
            29,
            "error",
            "time.sleep() waits in the event loop, and every request waits with it:"
            " 'metrics_collect' calls 'count'",
        ),
    ]
    assert [one["hint"] for one in found] == [
        "Write await anyio.sleep(...). Or give '_connect' to a thread: await"
        " anyio.to_thread.run_sync(...).",
        "Write await anyio.sleep(...). Or give '_ask' to a thread: await"
        " anyio.to_thread.run_sync(...).",
        "Write await anyio.sleep(...). Or mark a hook of its own with blocking=True: that runs in a"
        " thread.",
    ]


def test_while_a_plugin_starts_waiting_is_a_warning(check: Check, write: Write) -> None:
    write(
        "one.py",
        """
        import time
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="one", version="1", description="One")
        class One(IPlugin):
            async def start(self):
                time.sleep(1)
        """,
    )

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["severity"], one["line"]) == ("blocking-call", "warning", 7)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("os.environ.update(A='1')", "global-environment"),
        ("del os.environ['A']", "global-environment"),
        ("sys.path += ['vendor']", "global-modules"),
        ("sys.modules['json'] = None", "global-modules"),
        ("setattr(socket, 'socket', None)", "monkeypatch"),
        ("Session.get = None", "monkeypatch"),
        ("asyncio.get_running_loop().create_task(None)", "own-task"),
        ("logging.basicConfig()", "global-logging"),
        ("logger.add('log.txt')", "global-logging"),
        ("logger.remove()", "global-logging"),
        ("sys.path.remove('vendor')", "global-modules"),
        ("timer = threading.Timer(1, print)", "own-thread"),
        ("quit()", "ends-service"),
        ("Gauge('a', 'b', registry=REGISTRY)", "global-metrics"),
    ],
)
def test_it_goes_around_the_context(rules: Rules, statement: str, rule: str) -> None:
    broken = rules(f"""
import asyncio, logging, os, socket, sys, threading
from loguru import logger
from prometheus_client import REGISTRY, Gauge
from requests import Session
plugin_metadata = PluginMetadata(name="one", version="1", description="One")
{statement}
""")

    assert broken == [(7, rule)]


@pytest.mark.parametrize(
    ("method", "rule"),
    [
        ("async def process_request(self, request, call_next, more): ...", "wrong-arguments"),
        ("async def process_request(request, call_next): ...", "wrong-arguments"),
        ("async def process_request(self, request, *, call_next): ...", "wrong-arguments"),
        ("async def start(self, context): ...", "wrong-arguments"),
        ("async def import_state(self): ...", "wrong-arguments"),
        ("async def export_stat(self): ...", "misspelt-method"),
        ("def process_request(self, request, call_next): yield", "generator"),
        ("async def check_health(self): ...", "foreign-method"),
        ("@hookimpl\n    def health_check(self, name): ...", "wrong-arguments"),
        ("@hookimpl\n    def health_check(self, *args): ...", "wrong-arguments"),
        ("@hookimpl\n    def config_load(self, config_name, /): ...", "wrong-arguments"),
        ("@hookimpl(specname='health.chek')\n    def healthy(self): ...", "unknown-hook"),
        ("@hookimpl\n    @property\n    def health_check(self): ...", "lost-mark"),
        ("@hookimpl(wrapper=True)\n    def plugin_loaded(self): ...", "bad-wrapper"),
        ("@hookimpl(wrapper=True)\n    async def plugin_loaded(self): yield", "bad-wrapper"),
        ("@hookimpl(wrapper=True)\n    def health_check(self): return (yield)", "bad-wrapper"),
        ("@PLUGGYS(hookwrapper=True)\n    def plugin_loaded(self): yield", "bad-wrapper"),
        (
            "async def process_request(self, request, call_next): call_next(request)",
            "missing-await",
        ),
        (
            "async def process_request(self, request, call_next):\n"
            "        return call_next(request).headers",
            "missing-await",
        ),
        (
            "async def process_request(self, request, call_next):\n"
            "        response: object = call_next(request)\n"
            "        return response",
            "missing-await",
        ),
        (
            "def process_request(self, request, call_next):\n"
            "        response = call_next(request)\n"
            "        response.headers['x'] = '1'\n"
            "        return response",
            "missing-await",
        ),
    ],
)
def test_a_method_that_cannot_be_right(rules: Rules, method: str, rule: str) -> None:
    broken = rules(f"""
from pluggy import HookimplMarker

PLUGGYS = HookimplMarker("marty")

@plugin(name="one", **described)
class One(IMiddlewarePlugin):
    async def process_websocket(self, websocket, call_next): ...

    {method}
""")

    assert [found for _, found in broken] == [rule]


def test_what_is_registered_is_called_with_the_arguments_of_its_hook(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one", **described)
        class One(IPlugin):
            async def initialize(self, context):
                context.extension_points.register_handler("config.load", self.load)
                context.extension_points.register_handler("health.check", handler=well)
                context.extension_points.register_handler(
                    name="service.pre_register", priority=3, handler=self.tag
                )

            async def load(self, name): ...

            async def tag(self, service): ...

        def well(me): ...
        """)

    assert [rule for _, rule in broken] == ["wrong-arguments"] * 3
    assert [line for line, _ in broken] == [11, 13, 15]


@pytest.mark.parametrize("said", ["'service.pre_regster'", "name='service.pre_regster'"])
def test_what_is_registered_by_a_name_of_nothing(check: Check, write: Write, said: str) -> None:
    write(
        "one.py",
        f"""
        from marty_chassis.plugins import IPlugin, plugin

        @plugin(name="one", version="1", description="One")
        class One(IPlugin):
            async def initialize(self, context):
                context.extension_points.register_handler({said}, handler=print)
        """,
    )

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["line"]) == ("unknown-hook", 6)
    assert one["hint"] == (
        "Did you mean 'service.pre_register'? `marty hooks list` shows every hook; one that another"
        " plugin brings wants that plugin among the dependencies."
    )


def test_a_listener_has_itself_as_its_first_argument(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one", **described)
        class One(IEventHandlerPlugin):
            def get_event_subscriptions(self):
                return {"user.login": "note"}

            async def note(event_data): ...
        """)

    assert broken == [(7, "wrong-arguments")]


def test_a_listener_that_is_given_itself(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one", **described)
        class One(IEventHandlerPlugin):
            def get_event_subscriptions(self):
                return {"user.login": self.note, "user.logout": note, "user.*": self.other}

            async def note(self, event_type, event_data, source): ...

        def note(): ...
        """)

    assert broken == [(7, "wrong-arguments"), (9, "wrong-arguments")]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ("self", "takes no parameters"),
        ("self, *parts", "takes no parameters by position that could be counted"),
        ("self, a, b, c", "needs 3 parameters: a, b, c"),
    ],
)
def test_a_listener_that_cannot_be_called_with_an_event(
    check: Check, write: Write, parameters: str, found: str
) -> None:
    write(
        "one.py",
        f"""
        from marty_chassis.plugins import IEventHandlerPlugin, plugin

        @plugin(name="one", version="1", description="One")
        class One(IEventHandlerPlugin):
            def get_event_subscriptions(self):
                return {{"user.login": "note"}}

            async def note({parameters}): ...
        """,
    )

    (one,) = check("one.py", "--static")["findings"]

    assert one["message"] == f"'note' cannot be called with an event: it {found}"
    assert one["hint"] == "Take event_data, or event_type and event_data, or the event."


@pytest.mark.parametrize("said", ['["user.login"]', '("user.login", "user.logout")', '"user.*"'])
def test_subscriptions_that_name_no_handlers(rules: Rules, said: str) -> None:
    broken = rules(f"""
        @plugin(name="one", **described)
        class One(IEventHandlerPlugin):
            def get_event_subscriptions(self):
                return {said}

            async def handle_event(self, event_type, event_data): ...
        """)

    assert broken == [(5, "missing-handler")]


@pytest.mark.parametrize(
    ("ignored", "usable"), [("", 0), ("  # marty: ignore[missing-handler]", 1)]
)
def test_a_plugin_whose_subscriptions_are_wrong_would_not_start(
    marty: Marty, write: Write, ignored: str, usable: int
) -> None:
    write(
        "one.py",
        f"""
        from marty_chassis.plugins import IEventHandlerPlugin, plugin

        @plugin(name="one", version="1", description="One")
        class One(IEventHandlerPlugin):
            def get_event_subscriptions(self):
                return ["user.login"]{ignored}
        """,
    )

    said = marty("plugins", "check", "one.py")

    assert said.stderr.endswith(f"{usable} of 1 plugin would start.\n")


def test_a_class_that_nobody_finds_beside_one_that_is_found(check: Check, write: Write) -> None:
    write(
        "one.py",
        """
        from marty_chassis.plugins import IHealthPlugin, IPlugin, plugin

        @plugin(name="one", version="1", description="One")
        class One(IPlugin): ...

        class Two(IHealthPlugin):
            async def check_health(self):
                return True
        """,
    )

    (one,) = check("one.py")["findings"]

    assert (one["rule"], one["severity"], one["line"]) == ("not-decorated", "warning", 6)
    assert one["hint"] == (
        'Write @plugin(name="two", version="1.0.0") above it. A base of others is called _*.'
    )


def test_a_decorator_without_brackets(check: Check, write: Write) -> None:
    write(
        "one.py",
        """
        from marty_chassis.plugins import IPlugin, plugin

        @plugin
        class One(IPlugin): ...
        """,
    )

    (one,) = check("one.py")["findings"]

    assert (one["rule"], one["line"]) == ("not-decorated", 3)
    assert one["message"] == (
        "@plugin without arguments makes no plugin of One, and leaves no class of it"
    )
    assert one["hint"] == 'Write @plugin(name="one", version="1.0.0"): it takes arguments.'


@pytest.mark.parametrize(
    "decorator", ["@plugin", '@plugin(name="a", version="1", description="A")']
)
def test_a_function_is_no_plugin(check: Check, write: Write, decorator: str) -> None:
    write(
        "one.py",
        f"""
        from marty_chassis.plugins import plugin

        {decorator}
        def one(): ...
        """,
    )

    (one,) = check("one.py")["findings"]

    assert (one["rule"], one["line"]) == ("not-decorated", 3)
    assert one["message"] == (
        "@plugin stands on the function 'one', and only a class can be a plugin"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "try: return await call_next(request)\n"
        "        except (asyncio.CancelledError, ValueError): return None",
        "try: return await call_next(request)\n"
        "        except anyio.get_cancelled_exc_class(): return None",
        "with open('x'), contextlib.suppress(BaseException): return await call_next(request)",
        "with suppress(ValueError, asyncio.CancelledError): return await call_next(request)",
    ],
)
def test_a_cancellation_is_swallowed(rules: Rules, statement: str) -> None:
    broken = rules(f"""
import anyio, asyncio, contextlib
from contextlib import suppress

@plugin(name="one", **described)
class One(IMiddlewarePlugin):
    async def process_websocket(self, websocket, call_next): ...

    async def process_request(self, request, call_next):
        {statement}
""")

    assert "swallows-cancellation" in [rule for _, rule in broken]


def test_module_plugins_say_who_they_are(rules: Rules) -> None:
    broken = rules("""
        @hookimpl
        def health_check(): ...

        def metrics_collect(): ...

        @hookimpl
        def middleware_pre_request(request): ...
        """)

    assert broken == [
        (2, "missing-metadata"),
        (5, "unmarked-hook"),
        (8, "no-websocket"),
    ]


def test_an_empty_description_describes_nothing(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one", version="1", description="")
        class One(IPlugin): ...
        """)

    assert broken == [(2, "missing-metadata")]


def test_a_module_says_who_it_is_in_its_own_words(check: Check, write: Write) -> None:
    write(
        "one.py",
        """
        from marty_chassis.plugins import PluginMetadata

        plugin_metadata = PluginMetadata(name="one", version="1.0.0")
        """,
    )

    (one,) = check("one.py", "--static")["findings"]

    assert (one["rule"], one["hint"]) == ("missing-metadata", "Say it in PluginMetadata(...).")


def test_a_martyconf_need_not_say_who_it_is(check: Check, write: Write) -> None:
    write(
        "martyconf.py",
        "from marty_hookspecs import hookimpl\n@hookimpl\ndef health_check(): ...\n",
    )

    assert check("martyconf.py")["findings"] == []


def test_two_plugins_of_one_folder_have_one_name(check: Check, write: Write) -> None:
    for name in ("a", "b"):
        write(
            f"plugins/{name}.py",
            """
            from marty_chassis.plugins import IPlugin, plugin

            @plugin(name="the-same", version="1", description="One")
            class One(IPlugin): ...
            """,
        )

    data = check("plugins")

    assert found(data) == [("plugins/a.py", 3, "name-clash"), ("plugins/b.py", 3, "name-clash")]
    assert [one["message"] for one in data["findings"]] == [
        "a plugin at plugins/b.py:3 is called 'the-same', too: neither starts",
        "a plugin at plugins/a.py:3 is called 'the-same', too: neither starts",
    ]


def test_a_misspelt_word_of_the_declaration_is_told_before_the_import_fails(rules: Rules) -> None:
    broken = rules("""
        @plugin(name="one", dependancies=["two"], **described)
        class One(IPlugin): ...
        """)

    assert broken == [(2, "bad-metadata")]


def test_every_rule_is_explained_in_a_sentence(marty: Marty) -> None:
    text = marty("plugins", "check", "--rules").stdout
    data = json.loads(marty("plugins", "check", "--rules", "--json").stdout)

    assert [one["name"] for one in data] == list(RULES)
    for one in data:
        assert one.keys() == {"name", "severity", "depth", "summary"}
        assert one["name"] in text
        assert one["summary"].endswith(".")
        assert one["summary"] in text
