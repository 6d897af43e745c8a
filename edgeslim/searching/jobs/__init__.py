"""Jobs that any number of processes on any number of machines work on, through one database.

A job is a number: evaluate candidate 17. All state is in an Optuna study, so there is no server
and any process can die at any moment: ``storage`` opens the database, ``queue`` hands out jobs and
reads results, ``job`` is one that this process has claimed, ``record`` keeps what all agree on.

Optuna takes half a second to import, so this package imports nothing by itself.
"""
