"""What commands leave in a run's folder, and how the next command reads it."""
