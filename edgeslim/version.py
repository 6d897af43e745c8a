"""The version of edgeslim, written into every table and run."""

__version__ = "0.1.0"
