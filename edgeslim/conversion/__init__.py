"""Conversion of models in any form to files that a device runs.

No program that is written has the call stacks that Paddle puts into every operator: they are paths
of the machine that saved it, and most of the file.
"""
