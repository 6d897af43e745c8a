"""Conversion of models in any form to files that a device runs."""
