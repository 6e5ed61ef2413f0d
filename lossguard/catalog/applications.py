"""Ready-made models: `keras.applications`, and the classification heads of other packages.

Sources: `keras.applications` of Keras 3 and of `tf_keras`, built without weights; the reference pages
of KerasHub, KerasNLP, KerasCV and Transformers.
"""

from __future__ import annotations

from lossguard.catalog._words import words
from lossguard.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ApplicationSpec:
    """One model of `keras.applications`.

    With `include_top` it ends in `Dense(classes, classifier_activation)`. Without, its output has
    `features` channels: rank 4, or rank 2 with `pooling='avg'` or `'max'`; `classes` and
    `classifier_activation` are ignored then. `scaled` says that `alpha` changes `features`.
    """

    name: str
    parameters: tuple[str, ...]
    features: int
    scaled: bool = False


INCLUDE_TOP = True
CLASSES = 1000
CLASSIFIER_ACTIVATION = "softmax"
POOLING = None
WEIGHTS = "imagenet"
"""Defaults of all of them. `weights='imagenet'` with a top and other `classes` is refused by Keras."""

_PLAIN = "include_top weights input_tensor input_shape pooling classes classifier_activation"
_CONVNEXT = "include_top include_preprocessing weights input_tensor input_shape pooling classes classifier_activation"
_RESNET_RS = "include_top weights classes input_shape input_tensor pooling classifier_activation include_preprocessing"
_MOBILE = "input_shape alpha depth_multiplier dropout include_top weights input_tensor pooling classes"
_MOBILE_V2 = "input_shape alpha include_top weights input_tensor pooling classes classifier_activation"
_MOBILE_V3 = "input_shape alpha minimalistic include_top weights input_tensor classes pooling dropout_rate"
_NASNET = "input_shape include_top weights input_tensor pooling classes classifier_activation"
_REGNET = f"model_name {_CONVNEXT}"


def _family(parameters: str, features: dict[str, int], *, scaled: bool = False) -> list[ApplicationSpec]:
    order = words(parameters)
    return [ApplicationSpec(name, order, width, scaled) for name, width in features.items()]


# fmt: off
_ROWS: tuple[list[ApplicationSpec], ...] = (
    _family(_PLAIN, {"VGG16": 512, "VGG19": 512}),
    _family(_PLAIN, {"ResNet50": 2048, "ResNet101": 2048, "ResNet152": 2048}),
    _family(_PLAIN, {"ResNet50V2": 2048, "ResNet101V2": 2048, "ResNet152V2": 2048}),
    _family(_PLAIN, {"Xception": 2048, "InceptionV3": 2048, "InceptionResNetV2": 1536}),
    _family(_PLAIN, {"DenseNet121": 1024, "DenseNet169": 1664, "DenseNet201": 1920}),
    _family(_PLAIN, {"EfficientNetB0": 1280, "EfficientNetB1": 1280, "EfficientNetB2": 1408, "EfficientNetB3": 1536,
                     "EfficientNetB4": 1792, "EfficientNetB5": 2048, "EfficientNetB6": 2304, "EfficientNetB7": 2560}),
    _family(f"{_PLAIN} include_preprocessing",
            {"EfficientNetV2B0": 1280, "EfficientNetV2B1": 1280, "EfficientNetV2B2": 1408, "EfficientNetV2B3": 1536,
             "EfficientNetV2S": 1280, "EfficientNetV2M": 1280, "EfficientNetV2L": 1280}),
    _family(f"{_MOBILE} classifier_activation", {"MobileNet": 1024}, scaled=True),
    _family(_MOBILE_V2, {"MobileNetV2": 1280}, scaled=True),
    _family(f"{_MOBILE_V3} classifier_activation include_preprocessing",
            {"MobileNetV3Small": 576, "MobileNetV3Large": 960}, scaled=True),
    _family(_NASNET, {"NASNetMobile": 1056, "NASNetLarge": 4032}),
    _family(_CONVNEXT, {"ConvNeXtTiny": 768, "ConvNeXtSmall": 768, "ConvNeXtBase": 1024, "ConvNeXtLarge": 1536,
                        "ConvNeXtXLarge": 2048}),
    # Only in tf_keras.
    _family(_RESNET_RS, {"ResNetRS50": 2048, "ResNetRS101": 2048, "ResNetRS152": 2048, "ResNetRS200": 2048,
                         "ResNetRS270": 2048, "ResNetRS350": 2048, "ResNetRS420": 2048}),
    _family(_REGNET, {"RegNetX002": 368, "RegNetX004": 384, "RegNetX006": 528, "RegNetX008": 672, "RegNetX016": 912,
                      "RegNetX032": 1008, "RegNetX040": 1360, "RegNetX064": 1624, "RegNetX080": 1920,
                      "RegNetX120": 2240, "RegNetX160": 2048, "RegNetX320": 2520}),
    _family(_REGNET, {"RegNetY002": 368, "RegNetY004": 440, "RegNetY006": 608, "RegNetY008": 768, "RegNetY016": 888,
                      "RegNetY032": 1512, "RegNetY040": 1088, "RegNetY064": 1296, "RegNetY080": 2016,
                      "RegNetY120": 2240, "RegNetY160": 3024, "RegNetY320": 3712}),
)
# fmt: on

APPLICATIONS: dict[str, ApplicationSpec] = {spec.name: spec for row in _ROWS for spec in row}
"""Name in `keras.applications` -> the model."""


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """A model class of another package that ends in a classification head.

    `name` is the canonical dotted name, with `*` for any text. `default_activation` is what the
    constructor gives when nothing is said, `preset_activation` what `from_preset` gives; None where it
    can't be told.
    """

    name: str
    parameters: tuple[str, ...]
    classes_parameter: str
    activation_parameter: str | None
    default_activation: str | None
    preset_activation: str | None


_HUB = words("backbone num_classes preprocessor pooling activation dropout")
_NLP = words("backbone num_classes preprocessor activation dropout")
_CV = words("backbone num_classes pooling activation")
_HF = words("config")

HEADS: tuple[HeadSpec, ...] = (
    HeadSpec("keras_hub.models.*ImageClassifier", _HUB, "num_classes", "activation", "linear", None),
    HeadSpec("keras_hub.models.*Classifier", _NLP, "num_classes", "activation", "linear", "linear"),
    HeadSpec("keras_nlp.models.*Classifier", _NLP, "num_classes", "activation", "linear", "linear"),
    HeadSpec("keras_cv.models.ImageClassifier", _CV, "num_classes", "activation", "softmax", "softmax"),
    HeadSpec("transformers.TF*ForSequenceClassification", _HF, "num_labels", None, "linear", "linear"),
    HeadSpec("transformers.TF*ForImageClassification", _HF, "num_labels", None, "linear", "linear"),
    HeadSpec("transformers.TF*ForTokenClassification", _HF, "num_labels", None, "linear", "linear"),
)
"""Heads of other packages, the more special pattern first.

Models of Transformers give a structure with `logits`, and bring a loss of their own when `compile` is
called without one.
"""
