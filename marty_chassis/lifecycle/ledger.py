"""What a plugin has opened, to be undone in reverse order when it leaves.

An entry belongs to its run. What has an identity outside of it (an id in Consul, a route of a
gateway) is entered as shared, and keyed by (plugin, id): it is undone by the last run that holds
it, so that neither an old generation takes away what the new one has, nor a new one that is taken
back what the old one still has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count

from marty_chassis.errors import PluginGone

Undo = Callable[[], Awaitable[object] | object]
"""Takes one thing back; synchronous or asynchronous."""


class Entry:
    """One thing that a plugin has opened; compared by identity."""

    __slots__ = ("id", "ledger", "shared", "undo")

    def __init__(self, ledger: Ledger, id: str, undo: Undo, shared: bool = False) -> None:
        self.ledger = ledger
        self.id = id
        self.undo = undo
        self.shared = shared
        """Whether another run of the plugin may hold the same."""

    def strike(self) -> None:
        """Forget it: the plugin has undone it by itself. May be repeated."""
        self.ledger._strike(self)

    def give_up(self) -> None:
        """Note that it could not be undone; it stays among the pending ones."""
        self.ledger._put_aside(self)

    def __repr__(self) -> str:
        return f"<Entry {self.ledger.plugin}: {self.id}>"


class Owners:
    """Who holds each shared key, among all runs of all plugins of one service."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], list[Entry]] = {}

    def take(self, entry: Entry) -> None:
        """Make this entry the owner of its key; who held it before stands behind."""
        self._holders.setdefault((entry.ledger.plugin, entry.id), []).append(entry)

    def owns(self, entry: Entry) -> bool:
        """Whether nobody who still holds the key has taken it since."""
        return self._of(entry)[-1:] == [entry]

    def alone(self, entry: Entry) -> bool:
        """Whether nobody else holds the key."""
        return self._of(entry) == [entry]

    def let_go(self, entry: Entry) -> None:
        """Forget that this entry holds its key; whoever stands behind owns it again."""
        kept = [known for known in self._of(entry) if known is not entry]
        if kept:
            self._holders[entry.ledger.plugin, entry.id] = kept
        else:
            self._holders.pop((entry.ledger.plugin, entry.id), None)

    def _of(self, entry: Entry) -> list[Entry]:
        return self._holders.get((entry.ledger.plugin, entry.id), [])

    def __len__(self) -> int:
        return len(self._holders)

    def __repr__(self) -> str:
        return f"<Owners of {len(self)} keys>"


class Ledger:
    """The book of one run of one plugin."""

    def __init__(self, plugin: str, owners: Owners | None = None) -> None:
        self.plugin = plugin
        self.closed = False
        self._owners = owners if owners is not None else Owners()
        self._entries: list[Entry] = []
        self._aside: list[Entry] = []
        self._numbers = count(1)

    def enter(self, kind: str, undo: Undo, *, id: str | None = None, shared: bool = False) -> Entry:
        """Note something that has just been opened; without an id it gets a number.

        Where there can be one of a kind only, its id is empty. `shared` is for what the next
        generation of the plugin opens under the same id, and is then the same thing: it is undone
        by the last one that holds it.

        An entry of this ledger with the same id is replaced. Raises `PluginGone` once the plugin
        has left: undo at once what you were about to enter.
        """
        if self.closed:
            raise PluginGone(self.plugin, f"{kind} {id}" if id else kind)
        name = f"{kind} {next(self._numbers) if id is None else id}".rstrip()
        for known in self._entries:
            if known.id == name:
                self._strike(known)
                break
        entry = Entry(self, name, undo, shared)
        self._entries.append(entry)
        if shared:
            self._owners.take(entry)
        return entry

    def close(self) -> None:
        """Take no more entries: what is there is about to be undone."""
        self.closed = True

    def last(self) -> Entry | None:
        """The entry to undo next; those that another run of the plugin holds too are dropped."""
        while self._entries and not self._is_to_undo(self._entries[-1]):
            self._strike(self._entries[-1])
        return self._entries[-1] if self._entries else None

    def pending(self) -> tuple[str, ...]:
        """What is not undone, in the order in which it was opened; what could not be comes last."""
        return tuple(
            entry.id
            for entry in (*self._entries, *self._aside)
            if not entry.shared or self._owners.owns(entry)
        )

    def __len__(self) -> int:
        return len(self.pending())

    def __repr__(self) -> str:
        return f"<Ledger of {self.plugin}: {', '.join(self.pending()) or 'empty'}>"

    def _is_to_undo(self, entry: Entry) -> bool:
        return not entry.shared or self._owners.alone(entry)

    def _strike(self, entry: Entry) -> None:
        self._owners.let_go(entry)
        self._entries = [known for known in self._entries if known is not entry]
        self._aside = [known for known in self._aside if known is not entry]

    def _put_aside(self, entry: Entry) -> None:
        self._entries = [known for known in self._entries if known is not entry]
        self._aside.append(entry)
