"""Jobs that any number of processes on any number of machines work on, through one database.

A job is a number: evaluate candidate 17. All state is in an Optuna study, so there is no server
and any process can die at any moment: ``storage`` opens the database, ``queue`` hands out jobs and
reads results, ``job`` is one that this process has claimed, ``record`` keeps what all agree on.

Optuna takes half a second to import, so this package imports nothing by itself.

Whatever races there are (two that pop, a worker that is killed between two writes, one that was
stopped, declared dead, and comes back), attempts are looked at in the order they were made, and
the first that is done decides. SQLite's pops are made atomic by taking its write lock first; all
databases tell the time by their own clock. Settings, tables and measured networks are in the study
as well, so a machine that joins needs only an address; a fingerprint of the space's networks keeps
out workers with another version of it.
"""
