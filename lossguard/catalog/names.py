"""Every spelling of an API name, brought to one canonical dotted name.

Sources: the public modules of Keras 1 to 3, `tf_keras`, TensorFlow 1 and 2, and the renamed modules
of scikit-learn and pandas. A name is walked through `PREFIXES` (whole parts, longest prefix first),
then the private modules of a Keras section are dropped (`SECTIONS`), until nothing changes.
"""

from __future__ import annotations

import sys
from functools import cache

from lossguard.catalog._words import words
from lossguard.frozen import dataclass

KNOWN_LIBRARIES: frozenset[str] = sys.stdlib_module_names | frozenset(
    words(
        # Keras and its kin
        "keras tensorflow tf_keras keras_core keras_hub keras_nlp keras_cv keras_tuner kerastuner keras_preprocessing "
        "tensorflow_datasets tensorflow_hub tensorflow_addons tensorflow_text tensorboard scikeras absl jax torch "
        # arrays, tables, statistics
        "numpy pandas polars scipy sklearn statsmodels imblearn xgboost lightgbm joblib h5py patsy cupy "
        # pictures, sound, text
        "PIL cv2 skimage imageio imutils albumentations torchvision librosa soundfile pydub nltk spacy gensim "
        # plots, reports, explanations
        "matplotlib mpl_toolkits seaborn plotly bokeh altair pydot graphviz visualkeras livelossplot scikitplot "
        "mlxtend prettytable tabulate rich tqdm shap lime "
        # files, services, notebooks
        "IPython ipywidgets google kaggle requests yaml toml dotenv wandb mlflow onnx tf2onnx onnxruntime tensorflowjs "
        "coremltools flask fastapi pydantic streamlit gradio psutil pytest"
    )
)
"""Top-level packages whose functions never change the Keras model that they are given."""

PREFIXES: dict[str, str] = {
    # roots
    "tensorflow_core": "tensorflow",
    "tensorflow._api.v1": "tensorflow",
    "tensorflow._api.v2": "tensorflow",
    "tensorflow.compat.v1": "tensorflow",
    "tensorflow.compat.v2": "tensorflow",
    "tensorflow.v2": "tensorflow",
    "tensorflow.contrib.keras": "keras",
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tf_keras": "keras",
    "keras_core": "keras",
    "keras.src": "keras",
    "keras.legacy": "keras",
    "keras.api": "keras",
    "keras._v1": "keras",
    "keras._v2": "keras",
    "keras._tf_keras": "keras",
    "keras.python": "keras",
    "keras.keras": "keras",  # what is left of keras._tf_keras.keras, keras.api._v2.keras, ...
    "keras._legacy": "keras",
    "keras_applications": "keras.applications",
    "keras_preprocessing": "keras.preprocessing",
    # TensorFlow's own names for Keras modules (TF 2), and TF 1's losses under the same name
    "tensorflow.losses": "keras.losses",
    "tensorflow.metrics": "keras.metrics",
    "tensorflow.optimizers": "keras.optimizers",
    "tensorflow.initializers": "keras.initializers",
    # models, inputs, layers
    "keras.models.Sequential": "keras.Sequential",
    "keras.models.Model": "keras.Model",
    "keras.models.Functional": "keras.Model",
    "keras.engine.Sequential": "keras.Sequential",
    "keras.engine.Model": "keras.Model",
    "keras.engine.Functional": "keras.Model",
    "keras.engine.Network": "keras.Model",
    "keras.engine.Container": "keras.Model",
    "keras.engine.Input": "keras.Input",
    "keras.engine.InputLayer": "keras.layers.InputLayer",
    "keras.engine.InputSpec": "keras.layers.InputSpec",
    "keras.engine.Layer": "keras.layers.Layer",
    "keras.engine.Merge": "keras.layers.Merge",
    "keras.engine.merge": "keras.layers.merge",
    "keras.layers.Input": "keras.Input",
    "keras.Layer": "keras.layers.Layer",
    "keras.InputSpec": "keras.layers.InputSpec",
    "keras.saving.load_model": "keras.models.load_model",
    "keras.saving.save_model": "keras.models.save_model",
    "keras.saving.register_keras_serializable": "keras.utils.register_keras_serializable",
    # losses, metrics, optimizers
    "keras.objectives": "keras.losses",
    "keras.Loss": "keras.losses.Loss",
    "keras.Metric": "keras.metrics.Metric",
    "keras.Optimizer": "keras.optimizers.Optimizer",
    # loaders: keras.preprocessing.X and keras.utils.X are the same functions
    "keras.preprocessing.image_dataset": "keras.utils",
    "keras.preprocessing.text_dataset": "keras.utils",
    "keras.preprocessing.image_dataset_from_directory": "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.text_dataset_from_directory": "keras.utils.text_dataset_from_directory",
    "keras.preprocessing.timeseries_dataset_from_array": "keras.utils.timeseries_dataset_from_array",
    "keras.preprocessing.timeseries.timeseries_dataset_from_array": "keras.utils.timeseries_dataset_from_array",
    "keras.preprocessing.image.load_img": "keras.utils.load_img",
    "keras.preprocessing.image.save_img": "keras.utils.save_img",
    "keras.preprocessing.image.img_to_array": "keras.utils.img_to_array",
    "keras.preprocessing.image.array_to_img": "keras.utils.array_to_img",
    "keras.preprocessing.sequence.pad_sequences": "keras.utils.pad_sequences",
    # scikit-learn wrappers
    "keras.wrappers.scikit_learn": "keras.wrappers",
    "scikeras.wrappers": "keras.wrappers",
    # TensorFlow: one name for a function that has several
    "tensorflow.math.softmax": "tensorflow.nn.softmax",
    "tensorflow.math.log_softmax": "tensorflow.nn.log_softmax",
    "tensorflow.math.sigmoid": "tensorflow.nn.sigmoid",
    "tensorflow.math.tanh": "tensorflow.nn.tanh",
    "tensorflow.math.softplus": "tensorflow.nn.softplus",
    "tensorflow.math.softsign": "tensorflow.nn.softsign",
    "tensorflow.sigmoid": "tensorflow.nn.sigmoid",
    "tensorflow.tanh": "tensorflow.nn.tanh",
    "tensorflow.log": "tensorflow.math.log",
    "tensorflow.log_sigmoid": "tensorflow.math.log_sigmoid",
    "tensorflow.arg_max": "tensorflow.argmax",
    "tensorflow.math.argmax": "tensorflow.argmax",
    "tensorflow.math.argmin": "tensorflow.argmin",
    "tensorflow.math.reduce_mean": "tensorflow.reduce_mean",
    "tensorflow.math.reduce_sum": "tensorflow.reduce_sum",
    "tensorflow.math.reduce_max": "tensorflow.reduce_max",
    "tensorflow.math.reduce_min": "tensorflow.reduce_min",
    "tensorflow.math.round": "tensorflow.round",
    "tensorflow.math.abs": "tensorflow.abs",
    "tensorflow.math.exp": "tensorflow.exp",
    "tensorflow.math.square": "tensorflow.square",
    "tensorflow.math.sqrt": "tensorflow.sqrt",
    "tensorflow.math.pow": "tensorflow.pow",
    "tensorflow.math.add": "tensorflow.add",
    "tensorflow.math.subtract": "tensorflow.subtract",
    "tensorflow.math.multiply": "tensorflow.multiply",
    "tensorflow.math.divide": "tensorflow.divide",
    "tensorflow.math.maximum": "tensorflow.maximum",
    "tensorflow.math.minimum": "tensorflow.minimum",
    "tensorflow.math.equal": "tensorflow.equal",
    "tensorflow.math.greater": "tensorflow.greater",
    "tensorflow.math.greater_equal": "tensorflow.greater_equal",
    "tensorflow.math.less": "tensorflow.less",
    "tensorflow.math.less_equal": "tensorflow.less_equal",
    "tensorflow.python.data": "tensorflow.data",
    "tensorflow.python.data.ops.dataset_ops": "tensorflow.data",
    "tensorflow.python.ops.nn": "tensorflow.nn",
    "tensorflow.python.ops.nn_ops": "tensorflow.nn",
    "tensorflow.python.ops.nn_impl": "tensorflow.nn",
    # scikit-learn
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
    "sklearn.model_selection._split": "sklearn.model_selection",
    "sklearn.model_selection._validation": "sklearn.model_selection",
    "sklearn.model_selection._search": "sklearn.model_selection",
    "sklearn.preprocessing.label": "sklearn.preprocessing",
    "sklearn.preprocessing.data": "sklearn.preprocessing",
    "sklearn.preprocessing._label": "sklearn.preprocessing",
    "sklearn.preprocessing._data": "sklearn.preprocessing",
    "sklearn.preprocessing._encoders": "sklearn.preprocessing",
    "sklearn.datasets.base": "sklearn.datasets",
    "sklearn.datasets._base": "sklearn.datasets",
    "sklearn.datasets.openml": "sklearn.datasets",
    "sklearn.datasets._openml": "sklearn.datasets",
    "sklearn.datasets.samples_generator": "sklearn.datasets",
    "sklearn.datasets._samples_generator": "sklearn.datasets",
    "sklearn.metrics.classification": "sklearn.metrics",
    "sklearn.metrics._classification": "sklearn.metrics",
    "sklearn.utils.class_weight.compute_class_weight": "sklearn.utils.compute_class_weight",
    # pandas
    "pandas.core.api": "pandas",
    "pandas.core.frame": "pandas",
    "pandas.core.series": "pandas",
    "pandas.core.algorithms": "pandas",
    "pandas.core.reshape.api": "pandas",
    "pandas.core.reshape.encoding": "pandas",
    "pandas.core.reshape.reshape": "pandas",
    "pandas.io.parsers": "pandas",
    "pandas.io.parsers.readers": "pandas",
    # TensorFlow Datasets
    "tensorflow_datasets.core.load.load": "tensorflow_datasets.load",
    "tensorflow_datasets.public_api.load": "tensorflow_datasets.load",
}
"""Old, private or second name of a module or object -> the name that replaces it."""

CONVENTIONS: dict[str, str] = {
    "np": "numpy",
    "numpy": "numpy",
    "pd": "pandas",
    "pandas": "pandas",
    "tf": "tensorflow",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "layers": "keras.layers",
    "models": "keras.models",
    "losses": "keras.losses",
    "K": "keras.backend",
    "np_utils": "keras.utils",
    "tfds": "tensorflow_datasets",
    "Sequential": "keras.Sequential",
    "Model": "keras.Model",
    "Input": "keras.Input",
    "to_categorical": "keras.utils.to_categorical",
    "ImageDataGenerator": "keras.preprocessing.image.ImageDataGenerator",
    "train_test_split": "sklearn.model_selection.train_test_split",
    "LabelEncoder": "sklearn.preprocessing.LabelEncoder",
    "LabelBinarizer": "sklearn.preprocessing.LabelBinarizer",
    "OneHotEncoder": "sklearn.preprocessing.OneHotEncoder",
    "MultiLabelBinarizer": "sklearn.preprocessing.MultiLabelBinarizer",
    "BinaryCrossentropy": "keras.losses.BinaryCrossentropy",
    "CategoricalCrossentropy": "keras.losses.CategoricalCrossentropy",
    "SparseCategoricalCrossentropy": "keras.losses.SparseCategoricalCrossentropy",
}
"""What everybody means by a name, where a snippet has lost its imports."""

_ROOTS = frozenset(prefix.partition(".")[0] for prefix in PREFIXES)


@dataclass(frozen=True, slots=True)
class Section:
    """A public module of Keras whose inner modules are private: `keras.layers.core.dense.Dense`.

    `kept` are its inner modules that are public. `modules` are the inner modules that are dropped
    also where a name ends with them; others are dropped only in front of something else, because
    functions have lower-case names too (`keras.layers.add`). With `classes_only` an inner module is
    dropped only in front of a class.
    """

    modules: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    classes_only: bool = False


SECTIONS: dict[str, Section] = {
    "activations": Section(),
    "applications": Section(classes_only=True),
    "backend": Section(frozenset({"common", "tensorflow_backend", "theano_backend", "load_backend"})),
    "callbacks": Section(),
    "constraints": Section(),
    "engine": Section(
        frozenset({"base_layer", "functional", "input_layer", "network", "sequential", "topology", "training"})
    ),
    "initializers": Section(),
    "layers": Section(
        frozenset(
            words(
                "advanced_activations activation attention convolutional convolutional_recurrent core cudnn_recurrent "
                "embeddings experimental local locally_connected merging noise normalization pooling preprocessing "
                "recurrent regularization reshaping rnn wrappers"
            )
        )
    ),
    "losses": Section(frozenset({"losses"})),
    "metrics": Section(frozenset({"metrics", "accuracy_metrics", "confusion_metrics"})),
    "models": Section(),
    "ops": Section(frozenset({"nn", "core", "math", "numpy"}), kept=frozenset({"image", "linalg"})),
    "optimizers": Section(frozenset({"legacy", "experimental"}), kept=frozenset({"schedules"})),
    "regularizers": Section(),
    "saving": Section(),
    "utils": Section(
        frozenset(
            words(
                "conv_utils data_utils dataset_utils dataset_creator generic_utils image_dataset image_utils io_utils "
                "layer_utils multi_gpu_utils np_utils numerical_utils text_dataset tf_utils training_utils "
                "vis_utils"
            )
        )
    ),
}
"""Sections of Keras -> their inner modules."""


@cache
def canonical(dotted: str) -> str:
    """The one name that stands for every spelling of `dotted`; an unrelated name comes back untouched.

    Modules are names too: `tensorflow.keras.layers` is `keras.layers`.
    """
    if dotted.partition(".")[0] not in _ROOTS:
        return dotted
    previous, name = "", dotted
    while name != previous:
        previous, name = name, _without_inner_modules(_with_new_prefix(name))
    return name


def _with_new_prefix(name: str) -> str:
    end = len(name)
    while end > 0:
        replacement = PREFIXES.get(name[:end])
        if replacement is not None:
            return replacement + name[end:]
        end = name.rfind(".", 0, end)
    return name


def _without_inner_modules(name: str) -> str:
    root, *parts = name.split(".")
    section = SECTIONS.get(parts[0]) if root == "keras" and parts else None
    if section is None:
        return name
    rest = parts[1:]
    if section.classes_only and not any(part[:1].isupper() for part in rest):
        return name
    while len(rest) > 1 and not rest[0][:1].isupper() and rest[0] not in section.kept:
        del rest[0]
    if len(rest) == 1 and rest[0] in section.modules:
        del rest[0]
    return ".".join((root, parts[0], *rest))
