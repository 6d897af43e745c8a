"""Networks that are trained, or calibrated, to be computed with whole numbers."""
