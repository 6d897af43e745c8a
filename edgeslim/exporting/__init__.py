"""The last step: a model as an app, with its labels, its pictures, and what they must give."""
