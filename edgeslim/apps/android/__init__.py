"""A Gradle project for Android: Java on Paddle-Lite's Java API, with an activity in Kotlin."""

from __future__ import annotations

from pathlib import Path

from edgeslim.apps._app import App
from edgeslim.execution import Target

__all__ = ["APP"]

APP = App(
    summary="a Gradle project for Android, with Paddle-Lite's Java API",
    targets=(Target.ARM,),
    folder=Path(__file__).parent,
    data="app/src/main/assets/model",
    pictures="png",
    compare="./gradlew connectedAndroidTest",
    built="Edgeslim's tests compile its Java against a declaration of Paddle-Lite's API and run "
    "what reads pictures and outputs on a computer; the activity in Kotlin, the project and the "
    "app on a phone have not been built yet.",
    ignored=(".gradle/", "build/", "local.properties", "*.jar", "*.so"),
)
