"""Network families: what a family's networks are, their tokens, Paddle layers and fused operators.

A family is a folder; what several share lies beside the folders. Paddle is imported by modules
called ``layers`` only, so that tokens and operators cost nothing.
"""
