"""Apps that run a model: one folder an app, with the templates of its files.

A folder of the shelf has ``templates/`` (every file but its ending ``.jinja`` is one of the app's)
and declares an `App`. Sources for several apps are in folders that begin with an underscore.
"""

from __future__ import annotations

from edgeslim.apps._app import App
from edgeslim.apps._contents import AppContents, AppSample, Port, Result
from edgeslim.apps._write import app_files
from edgeslim.registry import Shelf

__all__ = ["APPS", "App", "AppContents", "AppSample", "Port", "Result", "app_files"]

APPS: Shelf[App] = Shelf(what="app", package="edgeslim.apps", attribute="APP")
"""All apps, by name."""
