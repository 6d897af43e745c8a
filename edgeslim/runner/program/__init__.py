"""The Python runner: times models with the Paddle-Lite runtime, on the device.

A program of its own that imports nothing of edgeslim and never Paddle (which would share its
thread pools and caches with the measurement). It travels as one archive, so its files import
each other by relative names. Boards have old Pythons: it needs 3.7 and nothing newer.

    python ARCHIVE BATCH RESULTS

`edgeslim.runner.protocol` describes both documents.
"""
