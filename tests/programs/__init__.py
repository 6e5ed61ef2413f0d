"""Random small Keras programs, what becomes of them on TensorFlow, and what a finding has a right to say of them.

`grammar` draws what is paired and writes it down; `oracle` runs it beside `truth`, NumPy's own numbers; `judgement`
compares.
"""
