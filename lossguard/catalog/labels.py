"""What makes labels: datasets, loaders of directories, and encoders, with what comes out of them.

Sources: `keras.datasets`, `keras.utils`, `ImageDataGenerator`, `sklearn.datasets`,
`sklearn.preprocessing`, pandas and NumPy, executed; the catalogue of TensorFlow Datasets. Ranks count
the batch axis: `(n,)` has rank 1, a column `(n, 1)` rank 2.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from lossguard.catalog._words import words
from lossguard.facts import Encoding
from lossguard.frozen import dataclass


class Returns(Enum):
    """How a source of labels hands them out."""

    TRAIN_AND_TEST = "((x_train, y_train), (x_test, y_test))"
    PAIR = "(x, y)"
    BUNCH = "an object with .data and .target (keys 'data' and 'target'); (x, y) with return_X_y=True"
    DATASET = "a dataset of dicts; of (x, y) with as_supervised=True"


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """The labels of one data set.

    `classes_parameter` names the argument that changes the number of classes (a number, or a list as
    long as it). `by_argument` lists (argument, value, number of classes). `key` is the name of the
    labels where samples come as dicts.
    """

    encoding: Encoding
    classes: int | None = None
    rank: int | None = 1
    low: float | None = None
    high: float | None = None
    dtype: str | None = None
    returns: Returns = Returns.TRAIN_AND_TEST
    parameters: tuple[str, ...] = ()
    width: int | None = None
    classes_parameter: str | None = None
    by_argument: tuple[tuple[str, str, int], ...] = ()
    key: str | None = None


def _ids(classes: int, dtype: str = "int64", rank: int = 1) -> LabelSpec:
    encoding = Encoding.BINARY if classes == 2 else Encoding.INTEGER  # noqa: PLR2004
    width = 1 if rank > 1 else None
    return LabelSpec(encoding, classes, rank, 0, classes - 1, dtype, width=width)


INFINITE = float("inf")
"""The bound of targets that leave every bound."""


def _real(low: float | None = None, high: float | None = None, dtype: str = "float64", rank: int = 1) -> LabelSpec:
    return LabelSpec(Encoding.CONTINUOUS, None, rank, low, high, dtype)


def _bunch(spec: LabelSpec) -> LabelSpec:
    return replace(spec, returns=Returns.BUNCH, key="target")


def _made(spec: LabelSpec, parameters: str, classes_parameter: str | None = None) -> LabelSpec:
    return replace(spec, returns=Returns.PAIR, parameters=words(parameters), classes_parameter=classes_parameter)


_TEXT = "path num_words skip_top maxlen"

# fmt: off
DATASETS: dict[str, LabelSpec] = {
    # keras.datasets
    "keras.datasets.mnist.load_data": replace(_ids(10, "uint8"), parameters=("path",)),
    "keras.datasets.fashion_mnist.load_data": _ids(10, "uint8"),
    "keras.datasets.cifar10.load_data": _ids(10, "uint8", rank=2),
    "keras.datasets.cifar100.load_data": replace(
        _ids(100, "uint8", rank=2), parameters=("label_mode",), by_argument=(("label_mode", "coarse", 20),)),
    "keras.datasets.imdb.load_data": replace(_ids(2), parameters=words(f"{_TEXT} seed start_char oov_char index_from")),
    "keras.datasets.reuters.load_data": replace(
        _ids(46), parameters=words(f"{_TEXT} test_split seed start_char oov_char index_from")),
    "keras.datasets.boston_housing.load_data": replace(_real(5, 50), parameters=words("path test_split seed")),
    "keras.datasets.california_housing.load_data": replace(
        _real(14999, 500001, "float32"), parameters=words("version path test_split seed")),

    # sklearn.datasets: real data
    "sklearn.datasets.load_iris": _bunch(_ids(3)),
    "sklearn.datasets.load_wine": _bunch(_ids(3)),
    "sklearn.datasets.load_breast_cancer": _bunch(_ids(2)),
    "sklearn.datasets.load_digits": replace(_bunch(_ids(10)), parameters=("n_class",), classes_parameter="n_class"),
    "sklearn.datasets.load_diabetes": _bunch(_real(25, 346)),
    "sklearn.datasets.load_boston": _bunch(_real(5, 50)),
    "sklearn.datasets.load_linnerud": replace(_bunch(_real(rank=2)), width=3),
    "sklearn.datasets.fetch_california_housing": _bunch(_real(0.14999, 5.00001)),
    "sklearn.datasets.fetch_covtype": _bunch(LabelSpec(Encoding.INTEGER, 7, 1, 1, 7, "int32")),
    "sklearn.datasets.fetch_olivetti_faces": _bunch(_ids(40)),
    "sklearn.datasets.fetch_lfw_people": _bunch(LabelSpec(Encoding.INTEGER, dtype="int64", low=0)),
    "sklearn.datasets.fetch_20newsgroups": replace(_bunch(_ids(20)), classes_parameter="categories"),
    "sklearn.datasets.fetch_20newsgroups_vectorized": _bunch(_ids(20)),

    # sklearn.datasets: made data (older versions take these arguments by position)
    "sklearn.datasets.make_classification": _made(
        _ids(2), "n_samples n_features n_informative n_redundant n_repeated n_classes", "n_classes"),
    "sklearn.datasets.make_blobs": _made(_ids(3), "n_samples n_features centers cluster_std", "centers"),
    "sklearn.datasets.make_gaussian_quantiles": _made(_ids(3), "mean cov n_samples n_features n_classes", "n_classes"),
    "sklearn.datasets.make_moons": _made(_ids(2), "n_samples shuffle noise"),
    "sklearn.datasets.make_circles": _made(_ids(2), "n_samples shuffle noise"),
    "sklearn.datasets.make_hastie_10_2": _made(LabelSpec(Encoding.SIGNED, 2, 1, -1, 1, "float64"), "n_samples"),
    "sklearn.datasets.make_multilabel_classification": _made(
        LabelSpec(Encoding.MULTI_HOT, 5, 2, 0, 1, "int64", width=5), "n_samples n_features n_classes", "n_classes"),
    # one axis more with n_targets above 1; the targets reach hundreds on both sides of 0
    "sklearn.datasets.make_regression": _made(
        _real(-INFINITE, INFINITE), "n_samples n_features n_informative n_targets"),
    "sklearn.datasets.make_friedman1": _made(_real(), "n_samples n_features"),
    "sklearn.datasets.make_friedman2": _made(_real(), "n_samples"),
    "sklearn.datasets.make_friedman3": _made(_real(), "n_samples"),
    "sklearn.datasets.make_s_curve": _made(_real(), "n_samples"),
    "sklearn.datasets.make_swiss_roll": _made(_real(), "n_samples"),
}
# fmt: on
"""Canonical dotted name of a function -> the labels that it gives."""

_STRINGS = LabelSpec(Encoding.STRING, dtype="object", returns=Returns.BUNCH, key="target")
OPENML: dict[str, LabelSpec] = {
    "mnist_784": replace(_STRINGS, classes=10),
    "Fashion-MNIST": replace(_STRINGS, classes=10),
    "iris": replace(_STRINGS, classes=3),
    "titanic": replace(_STRINGS, classes=2),
    "adult": replace(_STRINGS, classes=2),
    "credit-g": replace(_STRINGS, classes=2),
}
"""Name given to `sklearn.datasets.fetch_openml` -> its labels: class names and digits come as strings."""


@dataclass(frozen=True, slots=True)
class ReaderSpec:
    """A reader of TensorFlow 1, which gives an object with the parts `train`, `validation` and `test`.

    Each has `labels` and hands out batches with `next_batch`. `one_hot_parameter` names the argument that asks for
    one-hot labels; `data_set` is what the first argument has to be, where it names one among several.
    """

    labels: LabelSpec
    parameters: tuple[str, ...]
    one_hot_parameter: str | None = None
    data_set: str | None = None


_MNIST = _ids(10, "uint8")
_OF_A_FOLDER = ReaderSpec(_MNIST, words("train_dir fake_data one_hot"), "one_hot")

READERS: dict[str, ReaderSpec] = {
    "tensorflow.examples.tutorials.mnist.input_data.read_data_sets": _OF_A_FOLDER,
    "tensorflow.contrib.learn.datasets.mnist.read_data_sets": _OF_A_FOLDER,
    "tensorflow.contrib.learn.datasets.mnist.load_mnist": ReaderSpec(_MNIST, ("train_dir",)),
    "tensorflow.contrib.learn.datasets.load_dataset": ReaderSpec(_MNIST, words("name size"), data_set="mnist"),
}
"""Canonical dotted name of a reader -> what it reads (`tensorflow.contrib.learn.datasets`)."""

READ_PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Mode:
    """What one mode of a loader gives as labels.

    `exclusive` is False where the labels may as well be multi-hot: a data frame may hold lists.
    """

    encoding: Encoding
    dtype: str | None = None
    rank: int | None = None
    width: int | None = None
    exclusive: bool = True


@dataclass(frozen=True, slots=True)
class LoaderSpec:
    """A loader whose mode decides the labels; a mode that `modes` gives as None yields no labels.

    `classes_parameter` names the argument that lists the classes; without it they are found on disk
    or in a column and their number is not known.
    """

    parameters: tuple[str, ...]
    mode_parameter: str
    default_mode: str
    modes: dict[str | None, Mode | None]
    classes_parameter: str
    labels_parameter: str | None = None


_DIRECTORY_MODES: dict[str | None, Mode | None] = {
    "int": Mode(Encoding.INTEGER, "int32", rank=1),
    "categorical": Mode(Encoding.ONE_HOT, "float32", rank=2),
    "binary": Mode(Encoding.BINARY, "float32", rank=2, width=1),  # refused unless there are two classes
    None: None,
}
_GENERATOR_MODES: dict[str | None, Mode | None] = {
    "categorical": Mode(Encoding.ONE_HOT, "float32", rank=2),
    "binary": Mode(Encoding.BINARY, "float32", rank=1),  # accepted with three classes too: then they are integers
    "sparse": Mode(Encoding.INTEGER, "float32", rank=1),
    "input": Mode(Encoding.CONTINUOUS, "float32", rank=4),  # the pictures themselves
    None: None,
}
_FRAME_MODES: dict[str | None, Mode | None] = {
    **_GENERATOR_MODES,
    "categorical": Mode(Encoding.ONE_HOT, "float32", rank=2, exclusive=False),
    "raw": Mode(Encoding.UNKNOWN),
    "other": Mode(Encoding.UNKNOWN),
    "multi_output": Mode(Encoding.UNKNOWN),
}
_GENERATOR = "keras.preprocessing.image.ImageDataGenerator"

LOADERS: dict[str, LoaderSpec] = {
    "keras.utils.image_dataset_from_directory": LoaderSpec(
        words("directory labels label_mode class_names color_mode batch_size image_size shuffle seed"),
        "label_mode",
        "int",
        _DIRECTORY_MODES,
        "class_names",
        "labels",
    ),
    "keras.utils.text_dataset_from_directory": LoaderSpec(
        words("directory labels label_mode class_names batch_size max_length shuffle seed"),
        "label_mode",
        "int",
        _DIRECTORY_MODES,
        "class_names",
        "labels",
    ),
    "keras.utils.audio_dataset_from_directory": LoaderSpec(
        words("directory labels label_mode class_names batch_size sampling_rate output_sequence_length"),
        "label_mode",
        "int",
        _DIRECTORY_MODES,
        "class_names",
        "labels",
    ),
    f"{_GENERATOR}.flow_from_directory": LoaderSpec(
        words("directory target_size color_mode classes class_mode batch_size shuffle seed"),
        "class_mode",
        "categorical",
        _GENERATOR_MODES,
        "classes",
    ),
    f"{_GENERATOR}.flow_from_dataframe": LoaderSpec(
        words("dataframe directory x_col y_col weight_col target_size color_mode classes class_mode batch_size"),
        "class_mode",
        "categorical",
        _FRAME_MODES,
        "classes",
    ),
}
"""Canonical dotted name of a loader -> how its mode decides the labels.

With `labels` other than `'inferred'` the given labels are used (`'int'` then passes them through).
"""

PASSED_THROUGH: dict[str, tuple[tuple[str, ...], str]] = {
    f"{_GENERATOR}.flow": (words("x y batch_size shuffle sample_weight seed"), "y"),
    "keras.utils.timeseries_dataset_from_array": (words("data targets sequence_length sequence_stride"), "targets"),
    "keras.preprocessing.sequence.TimeseriesGenerator": (words("data targets length sampling_rate stride"), "targets"),
    "tensorflow.data.Dataset.from_tensor_slices": (words("tensors name"), "tensors"),
}
"""Canonical dotted name of a loader -> its parameters, and the one that holds labels which it only batches."""


def _tfds(classes: int, key: str = "label") -> LabelSpec:
    return replace(_ids(classes), returns=Returns.DATASET, key=key)


_TFDS_CLASSES = {
    2: "imdb_reviews cats_vs_dogs horses_or_humans malaria patch_camelyon yelp_polarity_reviews",
    3: "iris rock_paper_scissors beans",
    4: "ag_news_subset citrus_leaves",
    5: "tf_flowers cassava",
    8: "colorectal_histology",
    9: "deep_weeds",
    10: "mnist fashion_mnist kmnist cifar10 cifar10_1 cifar10_corrupted mnist_corrupted svhn_cropped stl10 cmaterdb "
    "eurosat imagenette spoken_digit emnist/digits emnist/mnist",
    21: "uc_merced",
    36: "binary_alpha_digits",
    37: "oxford_iiit_pet",
    38: "plant_village",
    45: "resisc45",
    47: "emnist/balanced emnist/bymerge dtd",
    62: "emnist emnist/byclass",
    100: "cifar100",
    101: "food101",
    102: "oxford_flowers102 caltech101",
    120: "stanford_dogs",
    196: "cars196",
    200: "caltech_birds2010 caltech_birds2011",
    397: "sun397",
    1000: "imagenet2012 imagenet_v2",
}
_TFDS_UNKNOWN = LabelSpec(Encoding.UNKNOWN, rank=None, returns=Returns.DATASET, key="label")

TFDS: dict[str, LabelSpec] = {
    **{name: _tfds(classes) for classes, names in _TFDS_CLASSES.items() for name in words(names)},
    "titanic": _tfds(2, "survived"),
    "emnist/letters": _TFDS_UNKNOWN,  # 26 letters, numbered from 1
}
"""Name (or name/config) in TensorFlow Datasets -> the labels of `tfds.load(name)`."""


def tfds_labels(name: str) -> LabelSpec | None:
    """The labels of `tfds.load(name)`, whatever configuration and version the name carries."""
    name = name.partition(":")[0]
    return TFDS.get(name) or TFDS.get(name.partition("/")[0])


class Shape(Enum):
    """What an encoder makes of the shape of the labels that it is given."""

    ONE_MORE = "a new last axis: (n,) to (n, K), (n, 1) to (n, 1, K)"
    ONE_MORE_SQUEEZED = "a new last axis in place of a last axis of 1: (n,) and (n, 1) to (n, K)"
    MATRIX = "(n, K)"
    COLUMNS = "as it was: a matrix in, a matrix out"
    FLAT = "(n,)"
    SQUARE = "an identity matrix; indexed by labels, it gives them a new last axis"


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """A function or class that changes how labels are written down.

    `source` is the parameter that holds the labels; None for a class whose `fit_transform`,
    `transform` or call takes them. `size_parameter` gives the number of columns; without it the
    encoder counts the distinct labels, or, with `counts_from_zero`, takes the greatest label plus one.
    `two_classes` is what comes out instead when there are two classes, as a column `(n, 1)`.
    `drop_parameter` names an argument that takes one column away. `mode_parameter`, `default_mode` and
    `modes` say how an argument chooses the encoding. `first` is the first id given out.
    """

    parameters: tuple[str, ...]
    encoding: Encoding
    shape: Shape
    dtype: str | None = None
    source: str | None = None
    size_parameter: str | None = None
    counts_from_zero: bool = False
    two_classes: Encoding | None = None
    drop_parameter: str | None = None
    first: int = 0
    mode_parameter: str | None = None
    default_mode: str | None = None
    modes: tuple[tuple[str, Encoding], ...] = ()
    returns_pair: bool = False


_COUNTS = (("count", Encoding.CONTINUOUS), ("tf_idf", Encoding.CONTINUOUS))
_TOKEN_MODES = (("one_hot", Encoding.ONE_HOT), ("multi_hot", Encoding.MULTI_HOT), *_COUNTS)
_LOOKUP_MODES = (("int", Encoding.INTEGER), *_TOKEN_MODES)

# fmt: off
ENCODERS: dict[str, EncoderSpec] = {
    # functions
    "keras.utils.to_categorical": EncoderSpec(
        words("x num_classes dtype"), Encoding.ONE_HOT, Shape.ONE_MORE_SQUEEZED, "float",
        source="x", size_parameter="num_classes", counts_from_zero=True),
    "tensorflow.one_hot": EncoderSpec(
        words("indices depth on_value off_value axis dtype name"), Encoding.ONE_HOT, Shape.ONE_MORE, "float32",
        source="indices", size_parameter="depth"),
    "keras.ops.one_hot": EncoderSpec(
        words("x num_classes axis dtype sparse"), Encoding.ONE_HOT, Shape.ONE_MORE, "float32",
        source="x", size_parameter="num_classes"),
    "keras.backend.one_hot": EncoderSpec(
        words("indices num_classes"), Encoding.ONE_HOT, Shape.ONE_MORE, "float32",
        source="indices", size_parameter="num_classes"),
    "jax.nn.one_hot": EncoderSpec(
        words("x num_classes"), Encoding.ONE_HOT, Shape.ONE_MORE, "float32",
        source="x", size_parameter="num_classes"),
    "numpy.eye": EncoderSpec(words("N M k dtype"), Encoding.ONE_HOT, Shape.SQUARE, "float64", size_parameter="N"),
    "numpy.identity": EncoderSpec(words("n dtype"), Encoding.ONE_HOT, Shape.SQUARE, "float64", size_parameter="n"),
    "tensorflow.eye": EncoderSpec(
        words("num_rows num_columns"), Encoding.ONE_HOT, Shape.SQUARE, "float32", size_parameter="num_rows"),
    "sklearn.preprocessing.label_binarize": EncoderSpec(
        words("y classes neg_label pos_label sparse_output"), Encoding.ONE_HOT, Shape.MATRIX, "int64",
        source="y", size_parameter="classes", two_classes=Encoding.BINARY),
    "pandas.get_dummies": EncoderSpec(
        words("data prefix prefix_sep dummy_na columns sparse drop_first dtype"),
        Encoding.ONE_HOT, Shape.MATRIX, "bool", source="data", drop_parameter="drop_first"),
    "pandas.factorize": EncoderSpec(
        words("values sort use_na_sentinel"), Encoding.INTEGER, Shape.FLAT, "int64",
        source="values", returns_pair=True),

    # scikit-learn's classes (neg_label=-1 makes a two-class LabelBinarizer's column -1/+1)
    "sklearn.preprocessing.LabelEncoder": EncoderSpec((), Encoding.INTEGER, Shape.FLAT, "int64"),
    "sklearn.preprocessing.LabelBinarizer": EncoderSpec(
        words("neg_label pos_label sparse_output"), Encoding.ONE_HOT, Shape.MATRIX, "int64",
        two_classes=Encoding.BINARY),
    "sklearn.preprocessing.MultiLabelBinarizer": EncoderSpec(
        words("classes sparse_output"), Encoding.MULTI_HOT, Shape.MATRIX, "int64", size_parameter="classes"),
    # a sparse matrix unless sparse_output (sparse) is False; takes a matrix
    "sklearn.preprocessing.OneHotEncoder": EncoderSpec(
        words("categories drop sparse_output dtype"), Encoding.ONE_HOT, Shape.MATRIX, "float64",
        drop_parameter="drop"),
    "sklearn.preprocessing.OrdinalEncoder": EncoderSpec(
        words("categories dtype"), Encoding.INTEGER, Shape.COLUMNS, "float64"),

    # Keras layers: the default mode of CategoryEncoding makes one row of a whole batch of (n,)
    "keras.layers.CategoryEncoding": EncoderSpec(
        words("num_tokens output_mode sparse"), Encoding.MULTI_HOT, Shape.ONE_MORE_SQUEEZED, "float32",
        size_parameter="num_tokens", mode_parameter="output_mode", default_mode="multi_hot", modes=_TOKEN_MODES),
    "keras.layers.StringLookup": EncoderSpec(
        words("max_tokens num_oov_indices mask_token oov_token vocabulary"), Encoding.INTEGER, Shape.COLUMNS, "int64",
        first=1, mode_parameter="output_mode", default_mode="int", modes=_LOOKUP_MODES),
    "keras.layers.IntegerLookup": EncoderSpec(
        words("max_tokens num_oov_indices mask_token oov_token vocabulary"), Encoding.INTEGER, Shape.COLUMNS, "int64",
        first=1, mode_parameter="output_mode", default_mode="int", modes=_LOOKUP_MODES),
}
# fmt: on
"""Canonical dotted name of an encoder -> what comes out of it."""

NOT_ENCODERS: frozenset[str] = frozenset(
    {"keras.preprocessing.text.one_hot", "keras.preprocessing.text.hashing_trick", "keras.layers.Hashing"}
)
"""Names that look like encoders of labels: they hash words."""
