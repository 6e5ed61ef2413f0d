"""What Keras is, as tables: names, activations, layers, losses, metrics, applications, labels."""
