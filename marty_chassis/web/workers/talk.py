"""Questions and answers between workers: who is asked, who has answered, and who has not."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from loguru import logger

from .answers import Answers
from .message import Hello, Order, Result, State, WorkerResult, WriteDown, Written
from .wire import Wire

_HELLO: Final = 1.0
"""Seconds that the others have to say how they stand."""

Standings = Callable[[Hello], list[State]]


class Talk:
    """What one worker says to the others and hears from them, as long as `hear` runs.

    ordered: told each order of another worker; must not wait.
    stands: gives the answer to a question how this worker stands.
    """

    def __init__(self, wire: Wire, ordered: Callable[[Order], None], stands: Standings) -> None:
        self.wire = wire
        self.write_down: Callable[[WriteDown], None] | None = None
        """Told when another worker wants a note; must not wait."""
        self._ordered = ordered
        self._stands = stands
        self._written: dict[str, Answers[None]] = {}
        self._results: dict[str, Answers[WorkerResult]] = {}
        self._states: dict[str, Answers[State]] = {}

    async def hear(self) -> None:
        """Take what comes, for ever."""
        while True:
            message = await self.wire.hear()
            if isinstance(message, Order):
                self._ordered(message)
            elif isinstance(message, Hello):
                for part in self._stands(message):
                    await self.wire.send(part, [message.pid])
            elif isinstance(message, State):
                if (states := self._states.get(message.id)) is not None:
                    states.take(message.pid, message, message.part, message.parts)
            elif isinstance(message, WriteDown):
                if self.write_down is not None:
                    self.write_down(message)
            elif isinstance(message, Written):
                if (written := self._written.get(message.id)) is not None:
                    written.take(message.pid, None)
            elif (results := self._results.get(message.id)) is not None:
                results.take(message.pid, message.result)

    async def answer(self, order: Order, result: WorkerResult) -> None:
        """Say what has become of an order; one who does not hear it any more is not waited for."""
        await self.wire.send(Result(id=order.id, pid=self.wire.pid, result=result), [order.pid])

    async def tell(self, order: Order) -> list[WorkerResult]:
        """Give the order to all others, and what each has made of it; raises nothing."""
        others = self.wire.others()
        answers = self._results[order.id] = Answers[WorkerResult](others)
        try:
            for pid in await self.wire.send(order, others):
                answers.lost(pid)
            await answers.wait(order.seconds, self.wire.reaches)
        finally:
            del self._results[order.id]
        found = [self._result(pid, answers, order.seconds) for pid in others]
        for one in found:
            if not one.ok:
                logger.bind(plugin=order.plugin).warning(
                    "{}: worker {} is not as this one is: {}", order.action, one.pid, one.reason
                )
        return found

    async def written(self, seconds: float) -> list[int]:
        """Have all others write down what they have; those that have done so in time."""
        others = self.wire.others()
        asked = WriteDown(id=secrets.token_hex(8), pid=self.wire.pid)
        answers = self._written[asked.id] = Answers[None](others)
        try:
            for pid in await self.wire.send(asked, others):
                answers.lost(pid)
            await answers.wait(seconds, self.wire.reaches)
        finally:
            del self._written[asked.id]
        return [pid for pid in others if answers.has(pid)]

    async def ask(self) -> State | None:
        """How the one of the others stands that has heard most; None where nobody says."""
        others = self.wire.others()
        if not others:
            return None
        hello = Hello(id=secrets.token_hex(8), pid=self.wire.pid)
        answers = self._states[hello.id] = Answers[State](others)
        try:
            for pid in await self.wire.send(hello, others):
                answers.lost(pid)
            await answers.wait(_HELLO, self.wire.reaches)
        finally:
            del self._states[hello.id]
        best: State | None = None
        for parts in (answers.parts[pid] for pid in others if answers.has(pid)):
            plugins = {name: one for part in parts.values() for name, one in part.plugins.items()}
            state = parts[0].model_copy(update={"plugins": plugins})
            # One that has not started its plugins yet says nothing about them.
            if best is None or (state.number, len(plugins)) > (best.number, len(best.plugins)):
                best = state
        return best

    def _result(self, pid: int, answers: Answers[WorkerResult], seconds: float) -> WorkerResult:
        if answers.has(pid):
            # It speaks for itself alone.
            return answers.parts[pid][0].model_copy(update={"pid": pid})
        if pid in answers.missing:
            reason = f"It has not answered within {seconds:g} s."
        elif self.wire.reaches(pid):
            reason = "It has not been told: it does not read what it is told."
        else:
            reason = "It has ended; one in its place reads the files as they are then."
        return WorkerResult(pid=pid, ok=False, reason=reason)

    def __repr__(self) -> str:
        return f"<Talk on {self.wire!r}>"
