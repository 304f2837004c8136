"""Watching files: what is changed on the disk is taken in by the running service.

An event says no more than that something below a folder has changed. When it has been quiet, the
contents decide: everything on the disk is compared with what runs (`survey`), the difference is a
list of steps (`plan`), and the supervisor does them (`deeds`). A file that cannot be used leaves
what serves as it is, and is tried again when something on the disk is different.

Each process watches for itself: several workers each find the same and do the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import anyio
from loguru import logger

from marty_chassis.boundary import Detached, Faults, Strays, in_thread, spawn
from marty_chassis.errors import MissingExtra
from marty_chassis.lifecycle import Moved, State, Supervisor

from .bell import Bell
from .deeds import Deeds
from .events import listen, polls
from .plan import Act, Step, Tries, plan
from .reconfiguring import Reconfiguring
from .roots import Roots, roots
from .survey import Running, Scene, Survey, configuration_stamp, digests_of, survey

LATER = 0.5
"""Seconds after which is tried again what somebody else was moving."""
REPEAT = 1.2
"""Seconds after which is looked once more at what polling has told: it knows whole seconds, and
misses what changes twice within one."""
PAUSE = 1.0
"""Seconds after a watcher that failed for the first time; then twice as long each time."""
LONGEST = 60.0
"""Seconds between two tries at most."""
_PATIENCE = 0.5
"""Seconds that it has to end by itself; a reload under way goes on without it."""
_IDLE = frozenset({State.DISABLED, State.STOPPED})


def check_watchfiles(what: str = "watching files (plugins.reload.watch)") -> None:
    """Raise `MissingExtra` where watchfiles is not installed."""
    if find_spec("watchfiles") is None:
        raise MissingExtra(what, "watchfiles", "watch")


class Watching:
    """Watches the files of one service; started and stopped with it, in any event loop.

    extra_directories: more plugin folders, relative ones from the working directory.
    noted: the places that were read when plugins were discovered, whatever they held.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        faults: Faults,
        strays: Strays,
        extra_directories: Iterable[str | os.PathLike[str]] = (),
        noted: Iterable[str] = (),
    ) -> None:
        self._supervisor = supervisor
        self._faults = faults
        self._strays = strays
        self._extra = tuple(os.path.abspath(Path(one).expanduser()) for one in extra_directories)
        self._folder = Path.cwd()
        self._noted = digests_of(noted) if supervisor.config.plugins.reload.watch else {}
        self._watch: _Watch | None = None
        self._task: Detached[None] | None = None

    async def start(self) -> None:
        """Watch from now on; raises `MissingExtra`. What has changed before is found too."""
        check_watchfiles()
        self._watch = watch = _Watch(
            self._supervisor, self._faults, self._extra, self._folder, self._noted
        )
        self._task = spawn(watch.run, name="marty: watching files")

    async def stop(self) -> None:
        """Watch no more; takes a second at most. May be repeated."""
        watch, self._watch = self._watch, None
        task, self._task = self._task, None
        if watch is None or task is None:
            return
        watch.bell.end()
        with anyio.CancelScope(shield=True):
            if await task.wait(_PATIENCE):
                return
            task.cancel()
            if not await task.wait(_PATIENCE):
                self._strays.keep(task)

    def __repr__(self) -> str:
        return f"<Watching {'on' if self._task is not None else 'off'}>"


class _Watch:
    """One run of it, in one event loop."""

    def __init__(
        self,
        supervisor: Supervisor,
        faults: Faults,
        extra_directories: tuple[str, ...],
        service_folder: Path,
        noted: Mapping[str, str],
    ) -> None:
        self.bell = Bell()
        self._supervisor = supervisor
        self._extra = extra_directories
        self._folder = service_folder
        self._noted = noted
        self._deeds = Deeds(supervisor, faults)
        self._reconfiguring = Reconfiguring(supervisor, faults, self._deeds)
        self._tries = Tries()
        self._looked = False
        self._stamp: str | None = None
        self._said: Roots | None = None

    async def run(self) -> None:
        """Watch until the bell has ended; what fails is begun again, after growing pauses."""
        unsubscribe = self._supervisor.subscribe(self._moved)
        pause = PAUSE
        try:
            while not self.bell.over.is_set:
                began = anyio.current_time()
                try:
                    await self._while_the_folders_stay()
                except Exception as error:  # noqa: BLE001 - a watcher must not cost the service
                    if anyio.current_time() - began > LONGEST:
                        pause = PAUSE
                    logger.warning(f"{_words(error)}; watching begins again in {pause:g} s")
                    await self.bell.over.within(pause)
                    pause = min(2 * pause, LONGEST)
        finally:
            unsubscribe()

    async def _while_the_folders_stay(self) -> None:
        """Watch these folders until there are others to watch, or the bell has ended."""
        watched = await self._roots()
        async with anyio.create_task_group() as group:
            ended = anyio.Event()
            try:
                for folders, matters, recursive in (
                    (watched.deep, watched.may_matter, True),
                    (watched.flat, watched.may_matter_here, False),
                ):
                    if folders:
                        paths = [path for path, _ in folders]
                        group.start_soon(listen, paths, matters, self.bell.ring, ended, recursive)
                # Now everybody has had a turn, so whatever changes from here on is an event.
                for _ in range(2):
                    await anyio.lowlevel.checkpoint()
                self._say(watched)
                await self._look_again_and_again(watched)
            finally:
                # Cancelled, a thread hears of nothing else.
                ended.set()

    async def _look_again_and_again(self, watched: Roots) -> None:
        rung = True
        while not self.bell.over.is_set:
            done = await self._look()
            if await self._roots() != watched:
                return
            again = REPEAT if rung and polls() else None
            rung = await self.bell.heard(again if done else LATER)

    async def _look(self) -> bool:
        """Compare once, and do what is to be done; False when something is left for later."""
        stamp = await self._configuration()
        if stamp != self._stamp:
            await self._reconfiguring.reread()
            # Written meanwhile, nobody knows which of the two was read: the event has it read again.
            self._stamp = stamp if await self._configuration() == stamp else None
        scene = self._scene()
        done = await self._reconfiguring.move(scene)
        found = await in_thread(survey, scene, self._running(), name="plugin files: digests")
        steps = plan(found.known, found.there)
        if not self._looked:
            self._looked = True
            self._note_what_was_seen(steps, found)
        for step in self._tries.due(steps):
            if self.bell.over.is_set:
                break
            if await self._deeds.do(step, found.places):
                self._tries.note(step)
            else:
                done = False
        return done

    def _note_what_was_seen(self, steps: Sequence[Step], found: Survey) -> None:
        """Leave alone what discovery has seen as it is now: it has said what there was to say."""
        digests = {one.place: one.digest for one in found.there}
        held = {one.place for one in found.known}
        candidates = self._supervisor.candidates()
        for step in steps:
            now = digests.get(step.place)
            if step.act is Act.RELOAD:
                one = candidates[step.names[0]]
                seen = not one.usable and one.sha256 == now
            else:
                seen = step.place not in held and self._noted.get(step.place) == now
            if seen and now is not None:
                self._tries.note(step)

    async def _configuration(self) -> str:
        return await in_thread(configuration_stamp, self._scene(), name="configuration: digest")

    def _scene(self) -> Scene:
        return Scene(self._supervisor.config, self._extra, self._folder)

    def _running(self) -> tuple[Running, ...]:
        candidates = self._supervisor.candidates()
        found = (
            Running.of(candidates[one.name], idle=one.state in _IDLE)
            for one in self._supervisor.status()
        )
        return tuple(one for one in found if one is not None)

    async def _roots(self) -> Roots:
        return await in_thread(roots, self._scene(), self._running(), name="folders to watch")

    def _moved(self, moved: Moved) -> None:
        # One that was stopped or disabled while its file changed runs what is older.
        if moved.after is State.STARTED and moved.before is not State.STARTED:
            self.bell.ring()

    def _say(self, watched: Roots) -> None:
        if watched != self._said:
            self._said = watched
            logger.info(f"watches {watched.shown(self._supervisor.config.folder)}")

    def __repr__(self) -> str:
        return f"<_Watch {self.bell!r}>"


def _words(error: Exception) -> str:
    """What went wrong, of a group its first, and what to do about it."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    hint = ""
    if isinstance(error, OSError):
        hint = " (where the system cannot watch, WATCHFILES_FORCE_POLLING=true looks by itself)"
    return f"watching files failed: {said}{hint}"
