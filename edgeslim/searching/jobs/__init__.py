"""Jobs that any number of processes on any number of machines work on, in one database.

A job is a number: evaluate candidate 17. All state is in an Optuna study, so nobody serves and
any process can die at any moment: ``storage`` opens the database, ``queue`` hands out jobs and
knows results, ``job`` is one that this process has, ``record`` keeps what all must agree on.

Optuna takes half a second to import, so this package imports nothing by itself.
"""
