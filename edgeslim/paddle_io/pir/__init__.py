"""Paddle 3's own format of programs (PIR, ``inference.json``), read without Paddle.

``reader`` makes values of the file, ``operators`` is the table of what each operator is called in
the old format, ``program_translation`` and ``file_translation`` write the old description that
Paddle-Lite reads, and ``proof`` runs both in Paddle and compares their outputs.

Types and attributes come again and again in a file, and each is read once. The description is
written as bytes, because an object for each message takes several times as long. A description
must say its version: without it Paddle changes operators as they were in its first. Paddle runs
the file in a process of ours under `paddle.pir_utils.IrGuard`, and both are compared before
anything else.
"""
