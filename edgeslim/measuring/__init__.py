"""Timing on a device: sessions that hold it, drift taken out, operators and whole networks.

A small reference operator is timed around everything that is measured (`Pace`, in both runners). On
a shared machine, neighbours come in bursts of seconds: while the reference is more than 6 % above
its usual best, which a quarter of its latest times are below, the runner waits, as long as its
patience lasts, and what was timed next to a slow reference is timed again. The runner also counts
the runs in which it had to wait for its core, because a program on the same core makes long
operators slower and leaves the short reference alone. What changes slowly is divided out by the
reference. Each operator is timed in two passes some seconds apart, and again if one was disturbed
or they disagree. What stays disturbed is marked, and every prediction that uses it says so. The
state that the device reports (load, frequencies, governors, temperature, thermal status, battery)
is a row before each group and at the end. A hot device is waited for before each batch, and what
ran while it became hot counts as disturbed.
"""
