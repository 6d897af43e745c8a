"""The command line, one file for each command: arguments in, a JSON document or tables out."""
