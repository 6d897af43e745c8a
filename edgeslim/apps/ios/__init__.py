"""A project for iOS: Swift on an Objective-C++ layer over the light API in C++11."""

from __future__ import annotations

from pathlib import Path

from edgeslim.apps._app import SHARED_CPP, App
from edgeslim.execution import Target

__all__ = ["APP"]

APP = App(
    summary="a project for iOS in Swift and Objective-C++, made into Xcode's by XcodeGen",
    targets=(Target.ARM,),
    folder=Path(__file__).parent,
    data="Data",
    pictures="png",
    compare="xcodebuild test -scheme App -destination 'platform=iOS,name=YOUR PHONE'",
    built="The C++ that reads pictures and outputs is that of the app for Linux, which "
    "edgeslim's tests compile and run; Swift, Objective-C++, the project and the app on a phone "
    "have not been built yet.",
    shared=(("Core", SHARED_CPP),),
    ignored=("*.xcodeproj/", "PaddleLite/", "build/"),
)
