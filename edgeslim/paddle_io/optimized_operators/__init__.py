"""What the operators of an optimized model mean, each computed by Paddle.

The meaning is that of Paddle-Lite 2.13: what its operators read of a description
(``lite/operators/*.cc``) and what its kernels make of it. It is not what our own rules of fusion
hope for, so that these can be proved by it.
"""
