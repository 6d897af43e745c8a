"""Making a latency table: which operators and networks are measured, in which order, until when."""
