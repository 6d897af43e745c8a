"""Running models on a device: the batch protocol, its programs, and their host side."""
