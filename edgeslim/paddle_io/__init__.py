"""The door to Paddle: programs and parameters are read, written and exported here.

Only this package, `edgeslim.training` and modules of `edgeslim.families` that are called
``layers`` import Paddle; here, only the functions that run it do so: reading and writing
descriptions needs protobuf alone.
"""
