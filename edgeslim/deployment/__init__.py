"""Models converted, proved right, put on the device, and timed there.

What one deployment asks for, besides its measurements:

- A layer is traced once, as its code runs, or by its source where it asks for values; it runs twice
  in dynamic mode and once as it was saved. A model of Paddle 3's own format runs once as Paddle
  reads it and once as an old program. A model that computes sizes, or leaves shapes open, runs
  before and after they are written down.
- The truth is loaded once for two inputs and a louder one, for eight where a precision loses
  something; once more if outputs are the same for those, and once more for the scores of outputs
  that name places.
- `opt` converts once for each precision, and once in fp32 for the fused graph, by which tables
  predict. ``--convert-only`` asks for one truth and one twin for all files of a model.
- A file for another machine is interpreted on the truth's inputs; in fp16 on two, both ways, of
  which the second takes some ten times as long.
"""
