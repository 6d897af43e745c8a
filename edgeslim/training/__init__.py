"""Training and evaluation of networks, and the tasks they are trained on."""
