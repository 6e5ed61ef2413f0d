"""Activation functions: what range each gives, and every name that it answers to.

Sources: `keras.activations` (Keras 3 and `tf_keras`), `keras.ops`, `keras.backend`, `tensorflow.nn`.
"""

from __future__ import annotations

from lossguard.catalog._words import words
from lossguard.facts import Range

ACTIVATIONS: dict[str, Range] = {
    "linear": Range.LOGITS,
    # probabilities
    "softmax": Range.SIMPLEX,
    "sigmoid": Range.PROBABILITIES,
    "hard_sigmoid": Range.PROBABILITIES,
    "sparse_sigmoid": Range.PROBABILITIES,
    "log_softmax": Range.LOG_PROBABILITIES,
    # in [-1, 1]
    "tanh": Range.SIGNED_UNIT,
    "hard_tanh": Range.SIGNED_UNIT,
    "softsign": Range.SIGNED_UNIT,
    # zero or more
    "relu": Range.NONNEGATIVE,
    "relu6": Range.NONNEGATIVE,
    "softplus": Range.NONNEGATIVE,
    "squareplus": Range.NONNEGATIVE,
    "sparse_plus": Range.NONNEGATIVE,
    "sparsemax": Range.NONNEGATIVE,  # should be a distribution; in Keras 3.15 its rows do not sum to 1
    # bounded below by a small negative number, unbounded above
    "elu": Range.LOGITS,
    "selu": Range.LOGITS,
    "celu": Range.LOGITS,
    "gelu": Range.LOGITS,
    "silu": Range.LOGITS,
    "hard_silu": Range.LOGITS,
    "mish": Range.LOGITS,
    # unbounded
    "leaky_relu": Range.LOGITS,
    "hard_shrink": Range.LOGITS,
    "soft_shrink": Range.LOGITS,
    "tanh_shrink": Range.LOGITS,
    # nothing that a rule could hold against a loss
    "exponential": Range.UNKNOWN,  # categorical cross-entropy normalises: exp, then it, is softmax, then it
    "log_sigmoid": Range.UNKNOWN,  # zero or less
    "glu": Range.UNKNOWN,  # halves the last axis
    "threshold": Range.UNKNOWN,  # its arguments decide
}
"""Keras name of an activation -> the range of its values (`keras.activations`)."""

ALIASES: dict[str, str] = {"swish": "silu", "hard_swish": "hard_silu"}
"""Second name -> name in `ACTIVATIONS` (`keras.activations.get`)."""

_IN_BOTH = words(
    "elu exponential gelu hard_sigmoid leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu softmax "
    "softplus softsign swish tanh"
)
_LAYERS_AS_STRINGS = {
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "leaky_relu",
    "ReLU": "relu",
    "Softmax": "softmax",
    "ThresholdedReLU": "relu",
}

STRINGS: dict[int, frozenset[str]] = {
    3: frozenset(_IN_BOTH)
    | frozenset(
        words(
            "celu glu hard_shrink hard_silu hard_swish hard_tanh log_sigmoid soft_shrink sparse_plus sparse_sigmoid "
            "sparsemax squareplus tanh_shrink threshold"
        )
    ),
    2: frozenset(_IN_BOTH) | frozenset(_LAYERS_AS_STRINGS),
}
"""Keras major version -> the strings that `keras.activations.get` accepts (2 is `tf_keras`)."""

NAMES: dict[str, str] = {name: name for name in ACTIVATIONS} | ALIASES | _LAYERS_AS_STRINGS
"""Any accepted string -> name in `ACTIVATIONS`; `tf_keras` takes the names of activation layers too."""

_KERAS_OPS = words(
    "celu elu gelu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid log_softmax relu "
    "relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus "
    "swish tanh tanh_shrink threshold"
)
_KERAS_BACKEND = words("elu hard_sigmoid relu sigmoid softmax softplus softsign tanh")
_TENSORFLOW_NN = words(
    "elu gelu leaky_relu log_softmax relu relu6 selu sigmoid silu softmax softplus softsign swish tanh"
)

FUNCTIONS: dict[str, str] = {
    **{f"keras.activations.{name}": NAMES[name] for name in (*ACTIVATIONS, *ALIASES)},
    **{f"keras.ops.{name}": NAMES[name] for name in _KERAS_OPS},
    **{f"keras.backend.{name}": NAMES[name] for name in _KERAS_BACKEND},
    **{f"tensorflow.nn.{name}": NAMES[name] for name in _TENSORFLOW_NN},
    "keras.ops.exp": "exponential",
    "keras.backend.exp": "exponential",
    "tensorflow.exp": "exponential",
    "tensorflow.identity": "linear",
    "tensorflow.math.log_sigmoid": "log_sigmoid",
}
"""Canonical dotted name of a function -> the activation in `ACTIVATIONS` that it computes."""

RAW: frozenset[str] = frozenset(name for name in FUNCTIONS if name.startswith("tensorflow."))
"""The functions that are not Keras's own.

They leave no pre-activation on their output: TensorFlow's repair finds it by the kind of operation,
in graph mode only (`LogitsRepair.GRAPH_ONLY`).
"""


def activation_range(name: str) -> Range:
    """The range of an activation by any of its names; unknown for a name that is not Keras's."""
    return ACTIVATIONS.get(NAMES.get(name, name), Range.UNKNOWN)
