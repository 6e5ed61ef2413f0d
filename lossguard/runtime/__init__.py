"""The runtime front-end: a live model and a batch to facts. Only here is Keras imported, late."""
