"""Every path that somebody could read in a request.

Servers, proxies, frameworks and applications differ in what they decode, cut off and resolve. A
guard that reads a path in one way only is passed by with another: `//admin`, `/%61dmin`,
`/x/../admin`, `/admin;x`, `/public%2f..%2fadmin`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

_PLAIN = re.compile(r"(?:/[\w~!$&'()*+,=:@-]+(?:\.[\w~!$&'()*+,=:@-]+)*)*/?", re.ASCII)
"""A path that everybody reads in the same way."""
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ufffd]")
_LONGEST: Final = 2048  # characters, of a path that is not plain
_MOST: Final = 32  # readings


def readings(scope: Mapping[str, Any]) -> frozenset[str] | None:
    """Give every reading of the request's path; None where nobody can say what it is.

    `root_path` is still in them, as far as the server has left it there.
    """
    path: str = scope["path"]
    raw = (scope.get("raw_path") or b"").partition(b"?")[0].decode("latin-1")
    if _PLAIN.fullmatch(path) and raw in ("", path):
        return frozenset({path or "/"})
    if max(len(path), len(raw)) > _LONGEST:
        return None
    found = {path, raw if raw and not _is_written(raw, path) else path}
    unread = list(found)
    while unread:
        one = unread.pop()
        if _UNREADABLE.search(one) or len(found) > _MOST:
            return None
        try:
            new = {change(one) for change in _CHANGES} - found
        except UnicodeDecodeError:
            return None
        found |= new
        unread += new
    return frozenset(found)


def _is_written(raw: str, path: str) -> bool:
    """Whether this is how the path has to be written in a request, and so no other reading."""
    return raw == quote(path, safe="/~!$&'()*+,=:@;-._")


def _decoded(path: str) -> str:
    return unquote_to_bytes(path).decode() if "%" in path else path


def _as_unicode(path: str) -> str:
    """The text where a server took each byte of it for a character."""
    try:
        return path.encode("latin-1").decode()
    except UnicodeError:
        return path


def _with_slashes(path: str) -> str:
    return path.replace("\\", "/")


def _folded(path: str) -> str:
    return unicodedata.normalize("NFKC", path)


def _without_parameters(path: str) -> str:
    return re.sub(r";[^/]*", "", path)


def _cut(path: str) -> str:
    return re.split(r"[?#]", path, maxsplit=1)[0]


def _trimmed(path: str) -> str:
    """As a file system of Windows has it: `/admin.` and `/admin ` are `/admin`."""
    return re.sub(r"(?<=[^./ ])[. ]+(?=/|$)", "", path)


def _collapsed(path: str) -> str:
    return re.sub(r"/{2,}", "/", path)


def _resolved(path: str) -> str:
    """Without `.` and `..`, as RFC 3986 has it: an empty segment is one."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment not in (".", ".."):
            kept.append(segment)
        elif segment == ".." and len(kept) > 1:
            kept.pop()
    ends = path.endswith(("/.", "/.."))
    return "/".join(kept) + ("/" if ends else "")


def _without_authority(path: str) -> str:
    """What is left of `http://host/path` and `//host/path`."""
    return re.sub(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/]*", "", path)


def _rooted(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


_CHANGES: Final[tuple[Callable[[str], str], ...]] = (
    _decoded,
    _as_unicode,
    _with_slashes,
    _folded,
    _without_parameters,
    _cut,
    _trimmed,
    _collapsed,
    _resolved,
    _without_authority,
    _rooted,
)
"""What somebody may do to a path, in any order and as often as they like."""
