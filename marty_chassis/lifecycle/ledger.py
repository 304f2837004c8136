"""What a plugin has opened, to be undone in reverse order when it leaves.

Entries are keyed by (plugin, id). A key belongs to whoever entered it last: when the next
generation of a plugin holds the same id, the old one's entry is dropped without being undone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count

from marty_chassis.errors import PluginGone

Undo = Callable[[], Awaitable[object] | object]
"""Takes one thing back; synchronous or asynchronous."""


class Entry:
    """One thing that a plugin has opened; compared by identity."""

    __slots__ = ("id", "ledger", "undo")

    def __init__(self, ledger: Ledger, id: str, undo: Undo) -> None:
        self.ledger = ledger
        self.id = id
        self.undo = undo

    def strike(self) -> None:
        """Forget it: the plugin has undone it by itself. May be repeated."""
        self.ledger._strike(self)

    def give_up(self) -> None:
        """Note that it could not be undone; it stays among the pending ones."""
        self.ledger._put_aside(self)

    def __repr__(self) -> str:
        return f"<Entry {self.ledger.plugin}: {self.id}>"


class Owners:
    """Who holds each key, among all generations of all plugins of one service."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def take(self, entry: Entry) -> None:
        """Make this entry the owner of its key."""
        self._entries[entry.ledger.plugin, entry.id] = entry

    def owns(self, entry: Entry) -> bool:
        """Whether nobody has taken the key since."""
        return self._entries.get((entry.ledger.plugin, entry.id)) is entry

    def let_go(self, entry: Entry) -> None:
        """Forget the key, if it is still this entry's."""
        if self.owns(entry):
            del self._entries[entry.ledger.plugin, entry.id]

    def __len__(self) -> int:
        return len(self._entries)

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

    def enter(self, kind: str, undo: Undo, *, id: str | None = None) -> Entry:
        """Note something that has just been opened; without an id it gets a number.

        Where there can be one of a kind only, its id is empty.

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
        entry = Entry(self, name, undo)
        self._entries.append(entry)
        self._owners.take(entry)
        return entry

    def close(self) -> None:
        """Take no more entries: what is there is about to be undone."""
        self.closed = True

    def last(self) -> Entry | None:
        """The entry to undo next; those whose key another generation has taken are dropped."""
        while self._entries and not self._owners.owns(self._entries[-1]):
            self._entries.pop()
        return self._entries[-1] if self._entries else None

    def pending(self) -> tuple[str, ...]:
        """What is not undone, in the order in which it was opened; what could not be comes last."""
        return tuple(e.id for e in (*self._entries, *self._aside) if self._owners.owns(e))

    def __len__(self) -> int:
        return len(self.pending())

    def __repr__(self) -> str:
        return f"<Ledger of {self.plugin}: {', '.join(self.pending()) or 'empty'}>"

    def _strike(self, entry: Entry) -> None:
        self._owners.let_go(entry)
        self._entries = [known for known in self._entries if known is not entry]
        self._aside = [known for known in self._aside if known is not entry]

    def _put_aside(self, entry: Entry) -> None:
        self._entries = [known for known in self._entries if known is not entry]
        self._aside.append(entry)
