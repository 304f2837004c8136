"""The book of faults: what is written down, what is logged, and what is not kept."""

from __future__ import annotations

import gc
import itertools
import weakref
from typing import Any

import pytest

from marty_chassis.boundary import Fault, FaultKey, Faults, Phase
from marty_chassis.errors import (
    InvalidConfiguration,
    MartyError,
    MissingExtra,
    Problem,
    UnknownHook,
    WrongArguments,
)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def raised(error: BaseException) -> BaseException:
    """The error, with a traceback."""
    password = "hunter2"  # a value, which no traceback may show
    try:
        raise error
    except BaseException as caught:
        assert password
        return caught


def test_a_fault_says_in_words_what_happened() -> None:
    faults = Faults(clock=Clock())

    fault = faults.report(
        raised(ValueError("no such key")), plugin="x", phase=Phase.HOOK, hook="metrics.collect"
    )

    assert fault == Fault(
        plugin="x",
        phase=Phase.HOOK,
        hook="metrics.collect",
        kind="ValueError",
        message="no such key",
        traceback=fault.traceback,
        at=1_000.0,
    )
    assert str(fault) == "hook metrics.collect failed: ValueError: no such key"
    assert "test_faults.py" in fault.traceback
    assert "raise error" in fault.traceback
    assert "hunter2" not in fault.traceback.replace('password = "hunter2"', "")
    assert "traceback" not in repr(fault)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError(), "start failed: ValueError"),
        (SystemExit(2), "start failed: SystemExit: 2"),
        (ValueError("a\nFAKE line\r"), r"start failed: ValueError: a\nFAKE line\r"),
        (
            ExceptionGroup("two", [ValueError(), OSError()]),
            "start failed: ExceptionGroup: two (2 sub-exceptions)",
        ),
    ],
)
def test_a_fault_is_said_in_one_line(error: BaseException, text: str) -> None:
    fault = Faults().report(error, plugin="x", phase=Phase.START)

    assert str(fault) == text


def test_causes_are_in_the_traceback() -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError as inner:
            raise ValueError("outer") from inner
    except ValueError as error:
        fault = Faults().report(error, plugin="x", phase=Phase.START)

    assert "KeyError: 'inner'" in fault.traceback
    assert "ValueError: outer" in fault.traceback


class Hostile(Exception):
    """An error that does not say what it is."""

    def __init__(self, said: object) -> None:
        self.said = said

    def __str__(self) -> str:
        if isinstance(self.said, BaseException):
            raise self.said
        return self.said  # type: ignore[return-value]


@pytest.mark.parametrize("said", [ValueError(), SystemExit(), KeyboardInterrupt(), 5])
def test_an_error_that_cannot_be_written_is_a_fault_nevertheless(said: object) -> None:
    fault = Faults().report(raised(Hostile(said)), plugin="x", phase=Phase.START)

    assert fault.kind == "Hostile"
    assert fault.message.startswith("<its __str__ raised ")
    assert fault.traceback


def test_an_error_whose_traceback_cannot_be_written_is_a_fault_nevertheless() -> None:
    class NoNotes(Exception):
        """Its notes raise when they are looked at."""

        def __getattr__(self, name: str) -> object:
            raise SystemExit

    fault = Faults().report(raised(NoNotes("boom")), plugin="x", phase=Phase.START)

    assert fault.message == "boom"
    assert fault.traceback == "<its traceback cannot be written: SystemExit>\n"


def test_long_words_are_cut_in_the_middle() -> None:
    fault = Faults().report(
        raised(ValueError("a" + "b" * 10**6 + "c")), plugin="x", phase=Phase.RUN
    )

    assert len(fault.message) < 2_100
    assert len(fault.traceback) < 20_100
    assert fault.message.startswith("abb")
    assert fault.message.endswith("bbc")
    assert "998002 characters left out" in fault.message


def test_secrets_are_redacted_before_anybody_sees_them(logged: list[str]) -> None:
    faults = Faults(redact=lambda text: text.replace("hunter2", "***"))
    seen: list[Fault] = []
    faults.subscribe(seen.append)

    # A secret across the cut would not be recognised if the text were cut first.
    long = "a" * 995 + "hunter2" + "b" * 5_000
    faults.report(raised(ValueError(long)), plugin="x", phase=Phase.START)
    faults.report(raised(ValueError("is hunter2")), plugin="x", phase=Phase.STOP)

    assert seen[1].message == "is ***"
    for text in [*logged, *(fault.message + fault.traceback for fault in seen)]:
        assert "hunter2" not in text
        assert "hunt" not in text


def test_what_cannot_be_redacted_is_not_shown() -> None:
    def redact(text: str) -> str:
        raise KeyError(text)

    fault = Faults(redact=redact).report(raised(ValueError("hunter2")), plugin="x", phase=Phase.RUN)

    assert fault.message == "<not shown: redacting it raised KeyError>"
    assert "hunter2" not in fault.traceback


def test_no_exception_traceback_or_frame_is_kept() -> None:
    class Local:
        """Something of the plugin's."""

    class Boom(Exception):
        """What the plugin raises."""

    faults = Faults()
    local = Local()

    def fail(held: Local) -> None:
        raise Boom(held)

    gc.disable()
    try:
        try:
            fail(local)
        except Boom as error:
            refs: list[weakref.ref[Any]] = [weakref.ref(error), weakref.ref(local)]
            faults.report(error, plugin="x", phase=Phase.START)
        del local
        alive = [ref() for ref in refs]
    finally:
        gc.enable()

    assert alive == [None, None]
    assert len(faults.recent("x")) == 1


def test_the_first_is_logged_with_its_traceback_and_the_plugins_name(logged: list[str]) -> None:
    Faults().report(raised(ValueError("{braces} <red>")), plugin="x", phase=Phase.START)

    assert len(logged) == 1
    assert "ERROR {'plugin': 'x'} start failed: ValueError: {braces} <red>\n" in logged[0]
    assert "Traceback (most recent call last):" in logged[0]


def test_the_same_again_is_one_line_in_ten_seconds_with_the_number_left_out(
    logged: list[str],
) -> None:
    clock = Clock()
    faults = Faults(clock=clock)

    for _ in range(100):
        faults.report(raised(ValueError("a")), plugin="x", phase=Phase.START)
        clock.now += 0.1
    clock.now = 1_010.0
    faults.report(raised(ValueError("b")), plugin="x", phase=Phase.START)
    clock.now = 1_020.0
    faults.report(raised(ValueError("c")), plugin="x", phase=Phase.START)

    assert len(logged) == 3
    assert logged[1].endswith("start failed: ValueError: b (99 more before)\n")
    assert logged[2].endswith("start failed: ValueError: c\n")
    assert faults.count("x") == 102


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            InvalidConfiguration([Problem("plugins.x.key", "missing", "config.yaml:4:3")]),
            "initialize failed: the configuration cannot be used, 1 problem:"
            " config.yaml:4:3 plugins.x.key: missing.",
        ),
        (
            MissingExtra("x", "lib", "ex"),
            "initialize failed: x needs lib, which is not installed."
            """ Install it with the extra 'ex': pip install "marty-chassis[ex]\"""",
        ),
        (
            WrongArguments("a_hook", ["y"], ["x"], plugin="x", place="x.py:3"),
            "initialize failed: plugin 'x' implements 'a_hook' at x.py:3 with y; the hook has x."
            " Take any of these by name, as plain parameters, or none.",
        ),
    ],
)
def test_what_says_itself_what_to_do_is_logged_in_one_line(
    logged: list[str], error: MartyError, text: str
) -> None:
    fault = Faults().report(raised(error), plugin="x", phase=Phase.INITIALIZE)

    assert logged == [f"ERROR {{'plugin': 'x'}} {text}\n"]
    assert str(fault) == text
    assert "test_faults.py" in fault.traceback


def test_a_hook_that_is_asked_somewhere_has_a_traceback_that_says_where(logged: list[str]) -> None:
    fault = Faults().report(raised(UnknownHook("nix", [])), plugin="x", phase=Phase.RUN)

    assert "test_faults.py" in logged[0]
    assert str(fault).startswith("run failed: UnknownHook: ")


def test_one_that_is_not_logged_names_its_places() -> None:
    faults = Faults()

    def recurse(depth: int) -> None:
        if depth == 0:
            raise ValueError("boom")
        recurse(depth - 1)

    for _ in range(2):
        try:
            recurse(100)
        except ValueError as error:
            faults.report(error, plugin="x", phase=Phase.START)

    first, second = faults.recent("x")
    assert first.traceback.startswith("Traceback (most recent call last):\n")
    lines = second.traceback.splitlines()
    line = recurse.__code__.co_firstlineno + 2
    assert len(lines) == 20
    assert lines[-1] == f"  {__file__}:{line} in recurse"


def test_a_clock_that_is_set_back_does_not_silence_the_log(logged: list[str]) -> None:
    clock = Clock()
    faults = Faults(clock=clock)

    faults.report(ValueError(), plugin="x", phase=Phase.START)
    clock.now -= 3_600
    faults.report(ValueError(), plugin="x", phase=Phase.START)

    assert len(logged) == 2


def test_each_plugin_phase_hook_and_kind_is_logged_by_itself(logged: list[str]) -> None:
    faults = Faults()
    kinds: list[type[Exception]] = [ValueError, KeyError]
    keys = list(itertools.product("xy", [Phase.HOOK, Phase.UNDO], [None, "a"], kinds))

    for plugin, phase, hook, kind in keys * 2:
        faults.report(kind(), plugin=plugin, phase=phase, hook=hook)

    assert len(logged) == len(keys) == 16
    assert faults.counts == {
        FaultKey(plugin, phase, hook, kind.__name__): 2 for plugin, phase, hook, kind in keys
    }
    assert repr(faults) == "<Faults 32 of 2 plugins>"


def test_kinds_made_up_without_end_are_counted_together() -> None:
    faults = Faults(kinds=3)

    for number in range(10):
        faults.report(type(f"E{number}", (Exception,), {})(), plugin="x", phase=Phase.RUN)

    assert {key.kind: count for key, count in faults.counts.items()} == {
        "E0": 1,
        "E1": 1,
        "E2": 1,
        "other": 7,
    }
    assert faults.recent("x")[-1].kind == "E9"


def test_the_last_faults_of_a_plugin_can_be_read() -> None:
    faults = Faults(keep=2)

    for text in "abc":
        faults.report(ValueError(text), plugin="x", phase=Phase.RUN)

    assert [fault.message for fault in faults.recent("x")] == ["b", "c"]
    assert faults.recent("unknown") == ()


def test_a_plugin_that_is_gone_is_forgotten() -> None:
    faults = Faults()
    faults.report(ValueError(), plugin="x", phase=Phase.RUN)
    faults.report(ValueError(), plugin="y", phase=Phase.RUN)

    faults.forget("x")

    assert (faults.count("x"), faults.count("y")) == (0, 1)
    assert faults.recent("x") == ()


def test_listeners_hear_each_fault_until_they_leave_even_if_one_fails(logged: list[str]) -> None:
    faults = Faults()
    heard: list[str] = []

    def failing(_: Fault) -> None:
        raise ValueError("a bug of the host")

    faults.subscribe(failing)
    leave = faults.subscribe(lambda fault: heard.append(fault.message))

    faults.report(ValueError("a"), plugin="x", phase=Phase.RUN)
    leave()
    leave()
    faults.report(ValueError("b"), plugin="x", phase=Phase.RUN)

    assert heard == ["a"]
    assert any("a listener to faults failed" in line for line in logged)


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (KeyboardInterrupt(), 1),
        (BaseExceptionGroup("many", [ValueError(), KeyboardInterrupt()]), 1),
        (BaseExceptionGroup("many", [ValueError(), SystemExit()]), 0),
        (SystemExit(), 0),
        (ValueError(), 0),
    ],
)
def test_an_interrupt_asks_for_shutdown(error: BaseException, asked: int) -> None:
    interrupts: list[bool] = []
    faults = Faults(on_interrupt=lambda: interrupts.append(True))

    faults.report(error, plugin="x", phase=Phase.RUN)

    assert len(interrupts) == asked
    Faults().report(error, plugin="x", phase=Phase.RUN)  # nobody to tell
