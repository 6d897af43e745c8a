"""Paddle 3's own format of programs (PIR, ``inference.json``), read without Paddle.

``reader`` makes values of the file, ``operators`` is the table of what each operator is called in
the old format, ``program_translation`` and ``file_translation`` write the old description that
Paddle-Lite reads, and ``proof`` runs both in Paddle and compares their outputs.
"""
