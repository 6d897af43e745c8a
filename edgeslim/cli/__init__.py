"""The command line, one file a command: arguments in, one document or table out."""
