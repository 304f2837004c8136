"""Beginning a project: a package with plugins, or a service; `templates/` is what comes out."""

from __future__ import annotations

from .names import Name
from .project import Project, plugin, service
from .write import Written, write

__all__ = ["Name", "Project", "Written", "plugin", "service", "write"]
