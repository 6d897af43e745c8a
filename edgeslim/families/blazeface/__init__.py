"""Face detectors like BlazeFace."""
