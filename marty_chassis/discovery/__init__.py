"""Finding plugins: entry points, folders, martyconf."""

from __future__ import annotations

from marty_chassis.discovery.candidate import Candidate, Place, Shape, Source, SourceKind
from marty_chassis.discovery.digests import digest_on_disk
from marty_chassis.discovery.discover import (
    discover,
    find_one,
    listing,
    places_of_files,
    read_place,
    reread,
    unload,
)
from marty_chassis.discovery.found import Found

__all__ = [
    "Candidate",
    "Found",
    "Place",
    "Shape",
    "Source",
    "SourceKind",
    "digest_on_disk",
    "discover",
    "find_one",
    "listing",
    "places_of_files",
    "read_place",
    "reread",
    "unload",
]
