"""What plugins leave behind around their context, named with the line that did it."""

from .census import Census, compare, take
from .difference import Difference, Place
from .source import Source
from .sources import Sources, sources_of
from .ward import Ward

__all__ = [
    "Census",
    "Difference",
    "Place",
    "Source",
    "Sources",
    "Ward",
    "compare",
    "sources_of",
    "take",
]
