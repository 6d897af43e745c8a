"""From a model in any form to what a device runs: found, prepared, fused, optimized."""
