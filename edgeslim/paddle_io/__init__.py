"""The door to Paddle: programs and parameters are read, written and exported here.

Only this package, `edgeslim.models` and `edgeslim.training` import Paddle, and only the
functions that run it do so: reading and writing descriptions needs protobuf alone.
"""
