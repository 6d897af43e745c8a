"""What detectors are trained and judged by: their losses, their boxes, and how good these are.

Boxes are ``(left, top, right, bottom)`` everywhere, edges as shares of the image's width and
height from 0 to 1, so that they hold at any size. Nothing here imports Paddle until a loss is
computed.
"""
