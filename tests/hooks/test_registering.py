"""Registering: what is refused, with the place and what to do."""

from __future__ import annotations

import functools

import pytest

from marty_chassis.errors import ContractError, ExtensionPointClash, UnknownHook, WrongArguments
from marty_chassis.hooks import ExtensionPoint, ExtensionPointManager, HookManager, Registrations
from marty_chassis.hooks.reading import marked, place
from marty_hookspecs import ExtensionPointType, hookimpl


@pytest.fixture
def registrations(manager: HookManager) -> Registrations:
    return Registrations(manager, "audit")


def test_a_misspelt_hook_is_named_with_a_guess(registrations) -> None:
    class Plugin:
        @hookimpl
        def service_pre_registr(self, service_info): ...

    with pytest.raises(UnknownHook) as raised:
        registrations.read(Plugin())

    assert str(raised.value) == (
        f"plugin 'audit' implements the hook 'service_pre_registr' at {__file__}:22, which does not"
        " exist. Did you mean 'service_pre_register'? `marty hooks list` shows every hook. Mark it"
        " optionalhook=True if another plugin may bring it."
    )


def test_a_hook_of_another_plugin_may_be_optional(registrations) -> None:
    class Plugin:
        @hookimpl(optionalhook=True)
        def data_transform(self, data, more=1): ...

    registrations.read(Plugin())

    (handler,) = registrations.contribution().handlers
    assert handler.parameters == ("data",)


def test_a_wrong_argument_is_named_with_its_place(registrations) -> None:
    class Plugin:
        @hookimpl
        def service_pre_register(self, service_inf): ...

    with pytest.raises(WrongArguments) as raised:
        registrations.read(Plugin())

    line = Plugin.service_pre_register.__code__.co_firstlineno
    assert str(raised.value) == (
        f"plugin 'audit' implements 'service_pre_register' at {__file__}:{line} with service_inf;"
        " the hook has service_info. Did you mean 'service_info'? Take any of these by name, as"
        " plain parameters, or none."
    )


@pytest.mark.parametrize(
    ("function", "wrong"),
    [
        (lambda *, service_info: None, ("*, service_info",)),
        (lambda *args: None, ("*args",)),
        (lambda **kwargs: None, ("**kwargs",)),
        (eval("lambda service_info, /: None"), ("service_info, /",)),
    ],
)
def test_what_pluggy_would_call_without_arguments_is_refused(
    registrations, function, wrong
) -> None:
    with pytest.raises(WrongArguments) as raised:
        registrations.add_handler("service.pre_register", function)

    assert raised.value.wrong == wrong


def test_a_default_of_ones_own_is_left_alone(registrations) -> None:
    registrations.add_handler("service.pre_register", lambda service_info, mine=3: None)

    assert registrations.contribution().handlers[0].parameters == ("service_info",)


def test_a_decorated_function_is_read_through_its_wrapper(registrations) -> None:
    def loud(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)

        return wrapper

    registrations.add_handler("service.pre_register", loud(lambda service_info: service_info))

    assert registrations.contribution().handlers[0].parameters == ("service_info",)


def test_an_overriding_method_keeps_the_mark_of_what_it_overrides() -> None:
    class Base:
        @hookimpl(priority=3)
        def metrics_collect(self): ...

        @hookimpl
        def health_check(self): ...

    class Child(Base):
        def metrics_collect(self):
            return {"child": 1}

        health_check = None  # type: ignore[assignment]

    (mark,) = marked(Child())

    assert (mark.hook, mark.options["priority"]) == ("metrics_collect", 3)
    assert mark.function() == {"child": 1}


def test_reading_runs_no_property() -> None:
    class Plugin:
        @property
        def dangerous(self):
            raise AssertionError

    assert list(marked(Plugin())) == []


def test_old_style_wrappers_are_refused(registrations) -> None:
    import pluggy

    class Plugin:
        @pluggy.HookimplMarker("marty")(hookwrapper=True)
        def health_check(self):
            yield

    with pytest.raises(ContractError, match=r"as an old-style hookwrapper\. Use wrapper=True"):
        registrations.read(Plugin())


def test_the_place_of_what_has_no_code_is_its_repr() -> None:
    assert place(len) == "<built-in function len>"
    assert place(lambda: None).startswith(__file__)


def test_a_handler_is_taken_back_by_its_function(registrations) -> None:
    points = ExtensionPointManager(registrations)

    async def enhance(service_info): ...

    points.register_handler("service.pre_register", enhance, priority=10)
    registrations.publish()
    points.unregister_handler("service.pre_register", enhance)

    assert registrations.empty
    with pytest.raises(ContractError, match="Pass the same function that was registered"):
        points.unregister_handler("service.pre_register", enhance)


def test_a_point_is_taken_back_by_its_name(registrations) -> None:
    points = ExtensionPointManager(registrations)
    points.register_extension_point(ExtensionPoint("data.transform"))
    registrations.publish()

    points.unregister_extension_point("data.transform")

    assert "data.transform" not in points.list_extension_points()
    assert registrations.points() == ()


def test_a_clash_after_publishing_leaves_the_point_out(registrations) -> None:
    registrations.publish()

    with pytest.raises(ExtensionPointClash):
        registrations.add_point(ExtensionPoint("health_check", parameters={"x": "int"}))

    assert registrations.points() == ()
    assert registrations.visible


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"name": "data transform"}, "'data transform' cannot be used as a name"),
        ({"name": "class"}, "'class' cannot be used as a name"),
        ({"name": "x", "parameters": {"__import__('os')": ""}}, "cannot be used as a name"),
        ({"name": "x", "parameters": {"_answers": ""}}, "cannot be used as a name"),
        ({"name": "x", "type": ExtensionPointType.AROUND}, "the type AROUND belongs to the web"),
        ({"name": "x", "type": ExtensionPointType.FILTER}, "a FILTER needs a parameter"),
    ],
)
def test_an_extension_point_that_cannot_be_is_refused(facts, words) -> None:
    with pytest.raises(ContractError, match=words.replace("(", r"\(").replace(")", r"\)")):
        ExtensionPoint(**facts)


def test_clearing_forgets_everything(registrations) -> None:
    registrations.add_handler("health.check", lambda: None)
    registrations.add_point(ExtensionPoint("data.transform"))

    registrations.clear()

    assert registrations.empty
    assert registrations.withdraw() is None


def test_every_object_of_the_layer_has_a_useful_repr(manager, registrations) -> None:
    registrations.add_handler("health.check", lambda: None, {"tryfirst": True})
    registrations.publish()

    assert repr(registrations) == "<Registrations of audit: 1 handlers, visible>"
    assert repr(manager.current) == "<Generation 2: audit>"
    assert repr(manager) == "<HookManager 'marty': <Generation 2: audit>>"
    assert repr(manager.hooks) == "<Hooks of <Generation 2: audit>>"
    assert repr(manager.selector) == "<Selector <Generation 2: audit>, 0 superseded in use>"
    assert repr(manager.current.lease) == "<Lease 0>"
    assert repr(manager.get_plugin("audit")) == "<Adapter of audit: health_check>"
    (handler,) = manager.current.handlers("health_check")
    assert repr(handler) == "<Handler audit:health_check (tryfirst, priority 100)>"
    assert repr(ExtensionPointManager(registrations)) == "<ExtensionPointManager of audit>"
