"""From a model to a latency limit in one command: the other commands, one after the other."""
