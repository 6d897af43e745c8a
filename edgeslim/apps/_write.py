"""The files of an app: its templates filled in, and its data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.apps._app import App
from edgeslim.apps._contents import AppContents
from edgeslim.apps._data_files import data_files
from edgeslim.version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["app_files"]

_ENDING = ".jinja"
_CONDITION = "@"
"""In a template's name: it is for this kind of outputs alone, as in ``detect.h@boxes.jinja``."""


def app_files(app: App, contents: AppContents) -> dict[str, bytes]:
    """All files of an app, by their paths in its folder.

    Args:
        app: Kind of the app.
        contents: What it is made of.
    """
    environment = _environment()
    files = {
        f"{app.data}/{name}": content
        for name, content in data_files(contents, app.pictures).items()
    }
    for where, folder in (("", app.folder / "templates"), *app.shared):
        for name, source in _templates(folder, contents):
            path = f"{where}/{name}" if where else name
            text = environment.from_string(source).render(
                app=app, contents=contents, version=__version__
            )
            files[path] = text.encode()
    if app.ignored:
        files[".gitignore"] = "".join(f"{line}\n" for line in app.ignored).encode()
    return dict(sorted(files.items()))


def _templates(folder: Path, contents: AppContents) -> Iterator[tuple[str, str]]:
    """Names of the files that templates make, and the templates."""
    for path in sorted(folder.rglob(f"*{_ENDING}")):
        name = path.relative_to(folder).as_posix().removesuffix(_ENDING)
        name, _, kinds = name.partition(_CONDITION)
        reads = "pictures" if contents.reads_pictures else "ready"
        if not kinds or {contents.kind, reads} & set(kinds.split(",")):
            yield name, path.read_text("utf-8")


def _environment() -> Environment:
    from jinja2 import BaseLoader, Environment, StrictUndefined
    from jinja2 import PackageLoader as Loader

    loader: BaseLoader = Loader("edgeslim.apps", "_texts")
    # Nothing is escaped here: of what users named, only the identifier and the title, which have
    # no special letters, are written into sources; everything else is data.
    environment = Environment(  # noqa: S701
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = _number
    environment.filters["shape"] = lambda shape: "x".join(map(str, shape)) or "one number"
    environment.filters["megabytes"] = lambda size: f"{size / 1e6:.2f}"
    return environment


def _number(value: float) -> str:
    """A number as all languages here write it, with all its digits."""
    text = repr(float(value))
    return text if "." in text or "e" in text else f"{text}.0"
