"""Layers: their parameters, and what each does to the width, the range and the rank of what it gets.

Sources: `keras.layers` of Keras 3 and of `tf_keras`, executed; the names that only Keras 1 and early
Keras 2 had are listed too. One row describes a family of layers.
"""

from __future__ import annotations

from enum import Enum

from lossguard.catalog._words import words
from lossguard.facts import LogitsRepair
from lossguard.frozen import dataclass


class Effect(Enum):
    """What a layer does to the last axis; `LayerSpec.size_parameter` names the argument that decides."""

    INPUT = "the last entry of the size parameter, a shape without the batch axis"
    SET = "as large as the size parameter says"
    KEEP = "as it was; where a size parameter is named and given, its last entry instead"
    FLATTEN = "the product of all axes but the batch axis"
    RESHAPE = "the last entry of the size parameter, which may be -1"
    PERMUTE = "the axis that the last entry of the size parameter names (from 1)"
    CONCAT = "the sum over the inputs, where the size parameter is -1 or the last axis; else as it was"
    BROADCAST = "the largest of the inputs' sizes"
    MULTIPLY = "multiplied by the size parameter (default 1)"
    APPEND = "a new last axis, as large as the size parameter says"
    WRAP = "what the layer in the size parameter does"
    UNKNOWN = "unknown"


class RangeEffect(Enum):
    """What a layer does to the range of the values."""

    OWN = "its activation decides: the activation parameter, else the default activation"
    KEEPS = "as it was; of several inputs: if they agree"
    ELEMENTS = "each value as it was, but a distribution is one no more (unknown); of several inputs: if they agree"
    SUM = "unbounded where every input is unbounded, else unknown"
    LINEAR = "a new unbounded range"
    WRAP = "what the wrapped layer does"
    UNKNOWN = "unknown"


class RankEffect(Enum):
    """What a layer does to the number of axes (the batch axis counts)."""

    SAME = "as it was"
    FLAT = "2"
    GLOBAL_POOL = "2; as it was with keepdims=True"
    RNN = "one less; as it was with return_sequences=True"
    APPEND = "one more"
    REPEAT = "3"
    SHAPE = "one more than the size parameter has entries"
    WRAP = "what the wrapped layer does"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One layer class or function of `keras.layers`.

    `parameters` are the positional parameters of the constructor in order, as far as Keras 3 and
    `tf_keras` agree (further arguments come by keyword). `keeps_repair` says whether TensorFlow's
    `_keras_logits` of this layer's activation, or of an activation in front of it, is still there
    behind this layer; `keeps_repair_keras2` the same for `tf_keras`. `off_parameter` names an argument
    that at 0 makes the layer the identity (which keeps the repair as `Identity` does).
    """

    name: str
    parameters: tuple[str, ...]
    effect: Effect
    range_effect: RangeEffect
    rank: RankEffect
    size_parameter: str | None = None
    activation_parameter: str | None = None
    default_activation: str | None = None
    keeps_repair: LogitsRepair = LogitsRepair.LOST
    keeps_repair_keras2: LogitsRepair = LogitsRepair.LOST
    off_parameter: str | None = None

    @property
    def keeps_range(self) -> bool | None:
        """Whether the range goes through unchanged; None where it can't be told."""
        if self.range_effect in (RangeEffect.UNKNOWN, RangeEffect.WRAP):
            return None
        return self.range_effect is RangeEffect.KEEPS


def _family(
    names: str,
    parameters: str,
    effect: Effect,
    range_effect: RangeEffect,
    rank: RankEffect = RankEffect.SAME,
    *,
    size: str | None = None,
    activation: str | None = None,
    default: str | None = None,
    repair: LogitsRepair = LogitsRepair.LOST,
    repair_keras2: LogitsRepair | None = None,
    off: str | None = None,
) -> list[LayerSpec]:
    order = words(parameters)
    keras2 = repair if repair_keras2 is None else repair_keras2
    return [
        LayerSpec(name, order, effect, range_effect, rank, size, activation, default, repair, keras2, off)
        for name in words(names)
    ]


_KEPT, _LOST, _UNSURE = LogitsRepair.KEPT, LogitsRepair.LOST, LogitsRepair.UNKNOWN
_SET, _KEEP, _CONCAT, _BROADCAST = Effect.SET, Effect.KEEP, Effect.CONCAT, Effect.BROADCAST
_OWN, _KEEPS, _ELEMENTS, _LINEAR = RangeEffect.OWN, RangeEffect.KEEPS, RangeEffect.ELEMENTS, RangeEffect.LINEAR

_TAIL = (
    "use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer "
    "kernel_constraint bias_constraint"
)
_CONV = f"filters kernel_size strides padding data_format dilation_rate groups activation {_TAIL}"
_CONV_TRANSPOSE = f"filters kernel_size strides padding output_padding data_format dilation_rate activation {_TAIL}"
_SEPARABLE = "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias"
_DEPTHWISE = "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias"
_LOCAL = "filters kernel_size strides padding data_format activation use_bias"
_CONV_LSTM = "filters kernel_size strides padding data_format dilation_rate activation recurrent_activation use_bias"
_SIMPLE_RNN = "units activation use_bias kernel_initializer recurrent_initializer bias_initializer"
_GATED_RNN = "units activation recurrent_activation use_bias kernel_initializer recurrent_initializer bias_initializer"
_POOL = "pool_size strides padding data_format"
_NORM = "axis epsilon center scale"
_LOOKUP = "max_tokens num_oov_indices mask_token oov_token vocabulary"

# fmt: off
_ROWS: tuple[list[LayerSpec], ...] = (
    # Where a model begins.
    _family("Input InputLayer", "shape batch_size", Effect.INPUT, RangeEffect.UNKNOWN, RankEffect.SHAPE, size="shape"),

    # Layers with weights and an activation of their own, applied last.
    _family("Dense", f"units activation {_TAIL}", _SET, _OWN, size="units", activation="activation", repair=_KEPT),
    _family("EinsumDense", "equation output_shape activation bias_axes", Effect.RESHAPE, _OWN, RankEffect.UNKNOWN,
            size="output_shape", activation="activation", repair=_KEPT),
    _family("Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D",
            _CONV, _SET, _OWN, size="filters", activation="activation", repair=_KEPT),
    _family("Conv1DTranspose Conv2DTranspose Convolution1DTranspose Convolution2DTranspose",
            _CONV_TRANSPOSE, _SET, _OWN, size="filters", activation="activation", repair=_KEPT),
    _family("Conv3DTranspose Convolution3DTranspose",  # from here on Keras 3 and tf_keras disagree
            "filters kernel_size strides padding", _SET, _OWN, size="filters", activation="activation", repair=_KEPT),
    _family("SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D",
            _SEPARABLE, _SET, _OWN, size="filters", activation="activation", repair=_KEPT),
    _family("DepthwiseConv1D DepthwiseConv2D",
            _DEPTHWISE, Effect.MULTIPLY, _OWN, size="depth_multiplier", activation="activation", repair=_KEPT),
    _family("LocallyConnected1D LocallyConnected2D",
            _LOCAL, _SET, _OWN, size="filters", activation="activation", repair=_KEPT),
    _family("Embedding ReversibleEmbedding", "input_dim output_dim",
            Effect.APPEND, _LINEAR, RankEffect.APPEND, size="output_dim"),

    # Recurrent layers: the activation works inside a loop.
    _family("SimpleRNN", _SIMPLE_RNN, _SET, _OWN, RankEffect.RNN,
            size="units", activation="activation", default="tanh"),
    _family("LSTM GRU", _GATED_RNN, _SET, _OWN, RankEffect.RNN,
            size="units", activation="activation", default="tanh"),
    _family("CuDNNLSTM CuDNNGRU", "units", _SET, _OWN, RankEffect.RNN, size="units", default="tanh"),
    _family("SimpleRNNCell", _SIMPLE_RNN, _SET, _OWN, size="units", activation="activation", default="tanh"),
    _family("LSTMCell GRUCell", _GATED_RNN, _SET, _OWN, size="units", activation="activation", default="tanh"),
    _family("ConvLSTM1D ConvLSTM2D ConvLSTM3D", _CONV_LSTM, _SET, _OWN, RankEffect.RNN,
            size="filters", activation="activation", default="tanh"),
    _family("RNN", "cell return_sequences return_state", Effect.WRAP, RangeEffect.WRAP, RankEffect.RNN, size="cell"),
    _family("StackedRNNCells", "cells", Effect.WRAP, RangeEffect.WRAP, RankEffect.WRAP, size="cells"),
    _family("AbstractRNNCell", "", Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),

    # Wrappers. Bidirectional doubles the width, unless merge_mode is 'sum', 'mul' or 'ave'.
    _family("TimeDistributed", "layer", Effect.WRAP, RangeEffect.WRAP, RankEffect.WRAP, size="layer"),
    _family("Bidirectional", "layer merge_mode", Effect.WRAP, RangeEffect.WRAP, RankEffect.WRAP, size="layer"),
    _family("SpectralNormalization", "layer power_iterations",
            Effect.WRAP, RangeEffect.WRAP, RankEffect.WRAP, size="layer", repair=_UNSURE),
    _family("Wrapper", "layer", Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN, size="layer"),

    # Activations as layers.
    _family("Activation", "activation", _KEEP, _OWN, activation="activation", repair=_KEPT),
    _family("Softmax", "axis", _KEEP, _OWN, default="softmax", repair=_KEPT),
    _family("ReLU", "max_value negative_slope threshold", _KEEP, _OWN, default="relu"),
    _family("ThresholdedReLU", "theta", _KEEP, _OWN, default="relu"),
    _family("LeakyReLU", "negative_slope", _KEEP, _OWN, default="leaky_relu"),
    _family("PReLU", "alpha_initializer alpha_regularizer", _KEEP, _OWN, default="leaky_relu"),
    _family("ELU", "alpha", _KEEP, _OWN, default="elu"),

    # The same values.
    _family("Identity", "", _KEEP, _KEEPS, repair=_KEPT, repair_keras2=_LOST),
    _family("ActivityRegularization", "l1 l2", _KEEP, _KEEPS, repair=_UNSURE),
    _family("Masking", "mask_value", _KEEP, _ELEMENTS),

    # The same values in prediction; noise in training, when the parameter is not 0.
    _family("Dropout AlphaDropout", "rate noise_shape seed", _KEEP, _KEEPS, off="rate"),
    _family("SpatialDropout1D", "rate", _KEEP, _KEEPS, off="rate"),
    _family("SpatialDropout2D SpatialDropout3D", "rate data_format", _KEEP, _KEEPS, off="rate"),
    _family("GaussianDropout", "rate seed", _KEEP, _KEEPS, off="rate"),
    _family("GaussianNoise", "stddev seed", _KEEP, _KEEPS, off="stddev"),

    # The same values in another shape.
    _family("Flatten", "data_format", Effect.FLATTEN, _KEEPS, RankEffect.FLAT),
    _family("Reshape", "target_shape", Effect.RESHAPE, _KEEPS, RankEffect.SHAPE, size="target_shape"),
    _family("Permute", "dims", Effect.PERMUTE, _ELEMENTS, size="dims"),
    _family("RepeatVector", "n", _KEEP, _KEEPS, RankEffect.REPEAT),
    _family("Cropping1D", "cropping", _KEEP, _KEEPS),
    _family("Cropping2D Cropping3D", "cropping data_format", _KEEP, _KEEPS),
    _family("CenterCrop", "height width", _KEEP, _KEEPS),
    _family("UpSampling1D", "size", _KEEP, _KEEPS),
    _family("UpSampling2D UpSampling3D", "size data_format", _KEEP, _KEEPS),
    _family("Resizing", "height width interpolation", _KEEP, _ELEMENTS),
    _family("ZeroPadding1D", "padding", _KEEP, _ELEMENTS),
    _family("ZeroPadding2D ZeroPadding3D", "padding data_format", _KEEP, _ELEMENTS),

    # Pooling: the mean of distributions is a distribution, the maximum is not.
    _family("AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D AvgPool3D", _POOL, _KEEP, _KEEPS),
    _family("MaxPooling1D MaxPooling2D MaxPooling3D MaxPool1D MaxPool2D MaxPool3D", _POOL, _KEEP, _ELEMENTS),
    _family("AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D",
            "output_size data_format", _KEEP, _KEEPS),
    _family("AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D",
            "output_size data_format", _KEEP, _ELEMENTS),
    _family("GlobalAveragePooling1D GlobalAvgPool1D", "data_format", _KEEP, _KEEPS, RankEffect.GLOBAL_POOL),
    _family("GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool2D GlobalAvgPool3D",
            "data_format keepdims", _KEEP, _KEEPS, RankEffect.GLOBAL_POOL),
    _family("GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D",
            "data_format keepdims", _KEEP, _ELEMENTS, RankEffect.GLOBAL_POOL),

    # Normalisation and scaling: a probability in front is one no more.
    _family("BatchNormalization", "axis momentum epsilon center scale", _KEEP, _LINEAR),
    _family("SyncBatchNormalization", "axis momentum epsilon center scale", _KEEP, _LINEAR),
    _family("LayerNormalization", _NORM, _KEEP, _LINEAR),
    _family("GroupNormalization", f"groups {_NORM}", _KEEP, _LINEAR),
    _family("RMSNormalization", "axis epsilon", _KEEP, _LINEAR),
    _family("Normalization", "axis mean variance invert", _KEEP, _LINEAR),
    _family("UnitNormalization", "axis", _KEEP, RangeEffect.UNKNOWN),
    _family("Rescaling", "scale offset", _KEEP, RangeEffect.UNKNOWN),

    # Merging, as layers and as functions.
    _family("Concatenate", "axis", _CONCAT, _ELEMENTS, size="axis"),
    _family("concatenate", "inputs axis", _CONCAT, _ELEMENTS, size="axis"),
    _family("Add Subtract", "", _BROADCAST, RangeEffect.SUM),
    _family("add subtract", "inputs", _BROADCAST, RangeEffect.SUM),
    _family("Average", "", _BROADCAST, _KEEPS),
    _family("average", "inputs", _BROADCAST, _KEEPS),
    _family("Multiply Maximum Minimum", "", _BROADCAST, _ELEMENTS),
    _family("multiply maximum minimum", "inputs", _BROADCAST, _ELEMENTS),
    _family("Dot", "axes normalize", Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),
    _family("dot", "inputs axes", Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),

    # Attention: as wide as its first input (query, value).
    _family("MultiHeadAttention", "num_heads key_dim value_dim dropout use_bias output_shape attention_axes",
            _KEEP, _LINEAR, size="output_shape"),
    _family("GroupQueryAttention GroupedQueryAttention", "head_dim num_query_heads num_key_value_heads",
            _KEEP, _LINEAR),
    _family("Attention", "use_scale score_mode", _KEEP, RangeEffect.UNKNOWN),
    _family("AdditiveAttention", "use_scale", _KEEP, RangeEffect.UNKNOWN),

    # Augmentation of images: those of colours fit the values into `value_range`, 0 to 255 by default.
    _family("RandomBrightness RandomColorDegeneration RandomHue RandomPosterization RandomSaturation RandomSharpness",
            "factor value_range", _KEEP, RangeEffect.UNKNOWN),
    _family("RandomCrop", "height width", _KEEP, _ELEMENTS),
    _family("RandomFlip", "mode seed", _KEEP, _KEEPS),
    _family("RandomTranslation RandomZoom", "height_factor width_factor", _KEEP, _ELEMENTS),
    _family("RandomShear", "x_factor y_factor", _KEEP, _ELEMENTS),
    _family("CutMix RandomElasticTransform RandomGaussianBlur RandomGrayscale RandomHeight RandomPerspective "
            "RandomRotation RandomWidth", "factor", _KEEP, _ELEMENTS),
    _family("RandomContrast RandomErasing RandomInvert", "factor", _KEEP, RangeEffect.UNKNOWN),
    _family("AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization Equalization RandAugment "
            "RandomColorJitter", "value_range", _KEEP, RangeEffect.UNKNOWN),
    _family("MixUp", "alpha", _KEEP, _ELEMENTS),
    _family("Solarization", "addition_factor threshold_factor", _KEEP, RangeEffect.UNKNOWN),

    # Preprocessing: what comes out depends on output_mode (see `labels.ENCODERS`).
    _family("CategoryEncoding", "num_tokens output_mode", Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),
    _family("Discretization", "bin_boundaries num_bins", Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),
    _family("IntegerLookup StringLookup", _LOOKUP, Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),
    _family("TextVectorization", "max_tokens standardize split ngrams output_mode",
            Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),
    _family("Hashing HashedCrossing", "num_bins", Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN),

    # Whatever somebody put into it.
    _family("Lambda", "function output_shape mask arguments",
            Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN, repair=_UNSURE),
    _family("Layer InputSpec Pipeline TFSMLayer JaxLayer FlaxLayer TorchModuleWrapper DenseFeatures MelSpectrogram "
            "STFTSpectrogram MaxNumBoundingBoxes Merge Highway MaxoutDense", "",
            Effect.UNKNOWN, RangeEffect.UNKNOWN, RankEffect.UNKNOWN, repair=_UNSURE),
)
# fmt: on

LAYERS: dict[str, LayerSpec] = {spec.name: spec for row in _ROWS for spec in row}
"""Name in `keras.layers` -> what it does."""

GONE: frozenset[str] = frozenset({"CuDNNLSTM", "CuDNNGRU", "GroupedQueryAttention", "Highway", "MaxoutDense", "Merge"})
"""Entries of `LAYERS` that neither Keras 3 nor `tf_keras` exports any more, or yet."""

WIDTH_DOUBLING = "concat"
"""The default `merge_mode` of `Bidirectional`: the width of the wrapped layer, twice."""

_OLD_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_OLD_DENSE = {"output_dim": "units"} | _OLD_KERNEL
_OLD_CONV = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
} | _OLD_KERNEL
_OLD_RNN = _OLD_DENSE | {
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
_OLD_POOL = {
    "pool_length": "pool_size",
    "stride": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
}
_OLD_DROPOUT = {"p": "rate"}
_OLD_INPUT = {"batch_input_shape": "batch_shape", "input_shape": "shape"}

OLD_PARAMETERS: dict[str, dict[str, str]] = {
    "Dense": _OLD_DENSE,
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), _OLD_RNN),
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Convolution1D", "Convolution2D", "Convolution3D"), _OLD_CONV),
    **dict.fromkeys(("Conv2DTranspose", "SeparableConv2D", "SeparableConvolution2D"), _OLD_CONV),
    **dict.fromkeys(("LocallyConnected1D", "LocallyConnected2D", "ConvLSTM2D"), _OLD_CONV),
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D", "MaxPooling3D"), _OLD_POOL),
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"), _OLD_POOL),
    **dict.fromkeys(("Dropout", "GaussianDropout"), _OLD_DROPOUT),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), _OLD_DROPOUT),
    "GaussianNoise": {"sigma": "stddev"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "Input": _OLD_INPUT,
    "InputLayer": _OLD_INPUT,
}
"""Layer -> parameter of Keras 1 or 2 -> its name in Keras 3."""

LAYER_KEYWORDS: frozenset[str] = frozenset(
    words(
        "name dtype trainable input_shape batch_input_shape batch_size input_dim input_length weights "
        "activity_regularizer autocast"
    )
)
"""Keywords that every layer takes, or took in Keras 2, beside its own."""
