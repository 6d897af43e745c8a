"""Running models on a device: the batch protocol, its programs, and their host side.

Both runners refuse a model for another processor (whose kernels are empty shells that return at
once), a model of another library version, and outputs that are not finite; the Python one refuses
NumPy 2 as well, which corrupts the runtime silently. Results carry sequence numbers, a count and a
checksum. The native one keeps each model in a child process, so that one that aborts costs no new
start.
"""
