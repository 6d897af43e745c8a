"""The same function in another form: equivalences, what their forms cost, and the best of them.

A runtime is slow at some forms of what it computes fast in another form, and which these are
differs from device to device. So forms are alternatives: the shelf `equivalences` finds them,
a latency table prices the fused operators that each leaves (`sites`, `prices`), and the cheapest
combination is taken (`choose`), proved in Paddle (`proof`), and measured by who uses it.
"""
