"""Devices of the tests' own: an Android device daemon, an ssh server, a phone's programs."""
