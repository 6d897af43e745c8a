"""Paddle 3's own format of programs (PIR, ``inference.json``), read without Paddle.

``reader`` makes values of the file, ``operators`` is the table of what each operator was called
before, ``translate`` writes the old description that Paddle-Lite reads, and ``proof`` has Paddle
say that both compute the same.
"""
