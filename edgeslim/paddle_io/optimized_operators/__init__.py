"""The meanings of an optimized model's operators: what each computes, by functions of Paddle.

The meaning is that of Paddle-Lite 2.13: what its operators read from a description
(``lite/operators/*.cc``) and what its kernels compute. It does not use edgeslim's own rules of
fusion, so that these can be checked with it.
"""
