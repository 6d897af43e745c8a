"""Networks that are trained, or calibrated, to be computed with whole numbers.

`graph_of` takes the rounding operators out, so everything that knows graphs knows quantized
models; `ProgramNet.run` asks `QuantizedNet` for the inputs of each operator.
"""
