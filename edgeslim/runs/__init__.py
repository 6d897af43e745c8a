"""The files that commands leave in a run's folder, as values that later commands read."""
