"""Published keys, kept fresh: fetched by one task, believed for a while when they cannot be."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import anyio
import jwt
from loguru import logger

from .fetching import NotFetched
from .keys import check_crypto, public_key
from .refused import Reason, Refused
from .settings import JwtSettings

_MOST: Final = 100  # keys of one set

Fetch = Callable[[], Awaitable[dict[str, Any]]]


class PublishedKeys:
    """The keys of a JWK Set. `keep_fresh` is to run in the background; it alone fetches.

    A key that is unknown has the set fetched again, once in a cooldown, whoever asks for it and
    however often: all who ask meanwhile wait for the same answer.
    """

    def __init__(
        self, settings: JwtSettings, fetch: Fetch, clock: Callable[[], float] = time.monotonic
    ) -> None:
        check_crypto(settings.jwt_algorithm)
        self._settings = settings
        self._cooldown = settings.jwks_cooldown
        self._fetch = fetch
        self._clock = clock
        self._document: dict[str, Any] = {}
        self._keys: dict[tuple[str | None, str], list[jwt.PyJWK]] = {}
        self._fetched: float | None = None
        """When the keys were fetched, on the clock that only counts."""
        self._tried: float | None = None
        self._fetching = False
        self._wanted = anyio.Event()
        self._over = anyio.Event()
        """Set when the fetch under way, or else the next one, has ended."""
        self.problem = ""
        """Why the last fetch failed; empty when it did not."""

    async def fitting(self, name: str | None, algorithm: str) -> Sequence[jwt.PyJWK]:
        """Give the key of this name; one without a name may be meant where there is no other.

        Raises `Refused` where there is none, and while the keys are too old to be believed.
        """
        if not self.believed:
            raise Refused(Reason.NO_KEYS)
        found = self._find(name, algorithm)
        if not found and await self._fetched_anew():
            found = self._find(name, algorithm)
        if not found:
            raise Refused(Reason.KEY)
        return found

    @property
    def age(self) -> float | None:
        """Seconds since the keys were fetched; None before."""
        return None if self._fetched is None else self._clock() - self._fetched

    @property
    def fresh(self) -> bool:
        """Whether they need not be fetched yet."""
        age = self.age
        return age is not None and age <= self._settings.jwks_ttl

    @property
    def believed(self) -> bool:
        """Whether the keys are fresh enough to let anybody in."""
        age = self.age
        return age is not None and age <= self._settings.jwks_max_stale

    def __len__(self) -> int:
        return sum(map(len, self._keys.values()))

    async def keep_fresh(self) -> None:
        """Fetch when it is time, and when somebody wants a key that is not there; for ever."""
        while True:
            with anyio.move_on_after(self._pause()):
                await self._wanted.wait()
            await self.refresh()

    async def refresh(self) -> bool:
        """Fetch the keys; whether that went well. What was there before stays otherwise."""
        self._fetching, self._tried = True, self._clock()
        try:
            self._take(await self._fetch())
        except NotFetched as error:
            self.problem = str(error)
            logger.bind(plugin="jwt-authentication").warning("no new keys: {}", error)
        finally:
            self._fetching = False
            self._wanted = anyio.Event()
            over, self._over = self._over, anyio.Event()
            over.set()
        return not self.problem

    def export(self) -> tuple[dict[str, Any], float] | None:
        """Give the set as it was published, and when it was fetched; None before it was."""
        return None if self._fetched is None else (self._document, self._fetched)

    def adopt(self, document: dict[str, Any], fetched: float) -> None:
        """Begin with what `export` of another one gave, if there is a key for us in it."""
        with suppress(NotFetched):
            self._take(document)
            self._fetched = fetched

    def _take(self, document: Mapping[str, Any]) -> None:
        said = document.get("keys")
        if not isinstance(said, list):
            raise NotFetched(f"{self._settings.published_at} publishes no JWK Set")
        keys: dict[tuple[str | None, str], list[jwt.PyJWK]] = {}
        for data in said[:_MOST]:
            for algorithm in self._settings.jwt_algorithm if isinstance(data, dict) else ():
                if (key := public_key(data, algorithm)) is not None:
                    keys.setdefault((key.key_id, algorithm), []).append(key)
        if not keys:
            algorithms = ", ".join(self._settings.jwt_algorithm)
            where = self._settings.published_at
            raise NotFetched(f"{where} publishes no key that is for {algorithms} and safe")
        self._document, self._keys = dict(document), keys
        self._fetched, self.problem = self._clock(), ""

    def _find(self, name: str | None, algorithm: str) -> Sequence[jwt.PyJWK]:
        if name is not None:
            return self._keys.get((name, algorithm), ())
        of_algorithm = [
            k for (_, one), keys in self._keys.items() if one == algorithm for k in keys
        ]
        return of_algorithm if len(of_algorithm) == 1 else ()

    async def _fetched_anew(self) -> bool:
        """Wait until the set was fetched again; False at once where that has just been tried."""
        if not self._fetching:
            if self._tried is not None and self._clock() - self._tried < self._cooldown:
                return False
            self._wanted.set()
        with anyio.move_on_after(self._settings.jwks_timeout + 1):
            await self._over.wait()
            return True
        return False

    def _pause(self) -> float:
        settings = self._settings
        if self.problem:
            return self._cooldown
        return max(0.0, settings.jwks_ttl - (self.age or 0.0))

    def __repr__(self) -> str:
        return f"<PublishedKeys: {len(self)}, {'believed' if self.believed else 'not believed'}>"
