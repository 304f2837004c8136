"""Publishing: who gets an event, in which order, and what the publisher waits for."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.lowlevel
import pytest

from marty_chassis.errors import EventError, ForeignSource, InvalidEvent, NestedWait, NotHandled
from marty_chassis.events import Event

from .house import Gate, House


async def test_everybody_who_wants_an_event_gets_it_once(house: House) -> None:
    audit, mailer = house.plugin("audit"), house.plugin("mailer")
    exact, some, all_ = audit.noting("user.login"), audit.noting("user.*"), mailer.noting("*")
    other = mailer.noting("user.logout")

    await house.bus.publish("user.login", {"name": "ann"}, source="auth")
    await house.settle()

    assert exact == some == all_ == [{"name": "ann"}]
    assert other == []


async def test_an_event_that_nobody_wants_is_no_error(house: House) -> None:
    event = await house.bus.publish("user.login", source="auth", wait=True)

    assert event.type == "user.login"
    assert event.data is None


async def test_a_publisher_gets_the_event_that_handlers_get(house: House) -> None:
    seen: list[Event] = []
    plugin = house.plugin("audit")

    def note(event: Event) -> None:
        seen.append(event)

    plugin.events.subscribe("user.login", note)

    event = await house.bus.publish(
        "user.login", 1, source="auth", wait=True, extensions={"traceparent": "00-1"}
    )

    assert seen == [event]
    assert event.source == "auth"
    assert event.extensions == {"traceparent": "00-1"}


async def test_publish_returns_when_the_mailboxes_have_the_event_and_nobody_has_handled_it(
    house: House,
) -> None:
    notes = house.plugin("audit").noting("a")

    await house.bus.publish("a", 1, source="x")

    assert notes == []
    await house.settle()
    assert notes == [1]


async def test_publish_with_wait_returns_when_all_have_handled_it(house: House) -> None:
    plugin, notes = house.plugin("audit"), []

    async def slow(event_data: int) -> None:
        await anyio.sleep(0.01)
        notes.append(event_data)

    plugin.events.subscribe("a", slow)
    quick = plugin.noting("a")

    await house.bus.publish("a", 1, source="x", wait=True)

    assert notes == quick == [1]


async def test_publish_with_wait_names_who_is_late_and_the_event_is_handled_all_the_same(
    house: House,
) -> None:
    gate, plugin = Gate(), house.plugin("audit")
    plugin.events.subscribe("user.*", gate)
    quick = plugin.noting("user.login")

    with pytest.raises(NotHandled) as raised:
        await house.bus.publish("user.login", 1, source="x", wait=True, seconds=0.02)

    assert raised.value.subscribers == (("audit", "user.*"),)
    assert "'audit' (user.*) had not handled 'user.login' within 0.02 s" in str(raised.value)
    assert quick == [1]
    gate.opened.set()
    await house.settle()
    assert gate.seen == [1]


async def test_a_handler_that_waits_in_the_mailbox_is_late_too(house: House) -> None:
    gate = Gate()
    house.plugin("audit").events.subscribe("*", gate)
    await house.bus.publish("a", 1, source="x")
    await gate.reached()

    with pytest.raises(NotHandled):
        await house.bus.publish("b", 2, source="x", wait=True, seconds=0.01)

    gate.opened.set()


async def test_a_handler_may_publish_but_not_wait_for_others(house: House) -> None:
    plugin, errors = house.plugin("audit"), []
    second = plugin.noting("second")

    async def handler(event_data: Any) -> None:
        await plugin.events.publish("second", event_data)
        try:
            await plugin.events.publish("second", event_data, wait=True)
        except NestedWait as error:
            errors.append(str(error))

    plugin.events.subscribe("first", handler)

    await house.bus.publish("first", 1, source="x")
    await house.settle()

    assert second == [1]
    assert errors == [
        "'second' is published with wait=True inside a handler of 'first'; handlers that wait for"
        " handlers can wait for themselves. Publish without wait=True."
    ]


async def test_what_a_handler_has_started_may_wait_when_the_handler_is_through(
    house: House,
) -> None:
    plugin, notes = house.plugin("audit"), house.plugin("mailer").noting("second")
    done = anyio.Event()

    async with anyio.create_task_group() as background:

        async def later() -> None:
            await anyio.sleep(0.01)
            await plugin.events.publish("second", 2, wait=True)
            notes.append("waited")
            done.set()

        async def handler(event_data: Any) -> None:
            background.start_soon(later)

        plugin.events.subscribe("first", handler)
        await house.bus.publish("first", 1, source="x")
        with anyio.fail_after(1):
            await done.wait()

    assert notes == [2, "waited"]


async def test_an_unknown_source_is_refused(house: House) -> None:
    plugin = house.plugin("request-tracing")

    with pytest.raises(ForeignSource) as raised:
        await plugin.events.publish("a", source="auth")

    assert str(raised.value) == (
        "plugin 'request-tracing' publishes 'a' with the source 'auth'; an event's source is who"
        " published it. Leave `source` out, or pass your own name."
    )


@pytest.mark.parametrize("source", [None, "request-tracing", "Request_Tracing"])
async def test_a_plugin_may_say_its_own_name_however_it_writes_it(
    house: House, source: str | None
) -> None:
    plugin = house.plugin("request-tracing")

    event = await plugin.events.publish("a", 1, source=source)

    assert event.source == "request-tracing"


@pytest.mark.parametrize("type", ["", "user.*", "a b", None, 7])
async def test_what_is_no_type_is_refused_each_time(house: House, type: Any) -> None:
    for _ in range(2):
        with pytest.raises(InvalidEvent):
            await house.bus.publish(type, source="x")


async def test_a_source_must_be_given(house: House) -> None:
    with pytest.raises(InvalidEvent, match="the source ''"):
        await house.bus.publish("a", source="")


async def test_a_plugin_answers_events_subscriptions_with_a_mapping(house: House) -> None:
    plugin = house.plugin("audit")
    logins: list[Any] = []
    outs: list[Any] = []

    made = plugin.events.subscribe_all({"user.login": logins.append, "user.logout": outs.append})
    await house.bus.publish("user.login", 1, source="x")
    await house.settle()

    assert (logins, outs) == ([1], [])
    assert plugin.events.subscriptions == tuple(made)


async def test_an_answer_that_is_no_mapping_is_refused_in_words(house: House) -> None:
    with pytest.raises(EventError) as raised:
        house.plugin("audit").events.subscribe_all([print])  # type: ignore[arg-type]

    assert str(raised.value) == (
        "plugin 'audit' answered events.subscriptions with list; return a mapping of patterns to"
        " handlers: {'user.*': self.note}."
    )


async def test_a_handler_may_answer_with_anything_that_can_be_awaited(house: House) -> None:
    notes: list[int] = []

    class Later:
        def __init__(self, data: int) -> None:
            self.data = data

        def __await__(self) -> Any:
            yield from anyio.lowlevel.checkpoint().__await__()
            notes.append(self.data)

    house.plugin("audit").events.subscribe("a", lambda event_data: Later(event_data))

    await house.bus.publish("a", 1, source="x", wait=True)

    assert notes == [1]


async def test_what_a_handler_answers_is_nobodys_business(house: House) -> None:
    subscription = house.plugin("audit").events.subscribe("a", lambda event_data: event_data)

    await house.bus.publish("a", 7, source="x", wait=True)

    assert subscription.delivered == 1


async def test_a_thousand_made_up_types_are_not_remembered_for_ever(house: House) -> None:
    notes = house.plugin("audit").noting("user.*")

    for number in range(1_100):
        await house.bus.publish(f"user.n{number}", number, source="x")
    await house.settle()

    assert notes == list(range(1_100))
    table = house.manager.current.part(house_part())
    assert len(table._found) <= 1_000


def house_part() -> Any:
    from marty_chassis.events import SUBSCRIPTIONS

    return SUBSCRIPTIONS


async def test_bus_handle_and_subscription_say_how_they_are(house: House) -> None:
    plugin, gate = house.plugin("audit"), Gate()
    subscription = plugin.events.subscribe("user.*", gate)
    await house.bus.publish("user.a", 1, source="x")
    await gate.reached()
    await house.bus.publish("user.a", 2, source="x")

    assert repr(house.bus) == "<EventBus: 1 subscriptions, 1 busy>"
    assert repr(plugin.events) == "<PluginEventBus of audit: 1 subscriptions>"
    assert repr(subscription).startswith("<Subscription of audit to user.*: <tests.")
    assert repr(subscription).endswith(", 1 waiting>")
    assert repr(subscription.mailbox) == "<Mailbox audit events:user.*: 1 of 1000>"
    assert repr(next(subscription.mailbox.deliveries())) == "<Delivery of user.a to 1 more>"
    assert "1 subscriptions" in repr(house.manager.current.part(house_part()))
    [stats] = house.bus.stats()
    assert (stats.plugin, stats.pattern, stats.waiting) == ("audit", "user.*", 1)
    gate.opened.set()
    await house.settle()
