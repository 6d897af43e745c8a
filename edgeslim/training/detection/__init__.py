"""Detectors: their losses, their boxes, and the metric of these.

Boxes are ``(left, top, right, bottom)`` everywhere, edges as shares of the image's width and
height from 0 to 1, so that they hold at any size. Nothing here imports Paddle until a loss is
computed.
"""
