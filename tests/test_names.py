"""Every spelling of a name comes to one canonical name."""

from __future__ import annotations

import pytest

from lossguard.catalog.names import KNOWN_LIBRARIES, PREFIXES, canonical

SPELLINGS = """
tensorflow.keras                                                  keras
tensorflow.keras.layers                                           keras.layers
tensorflow.python.keras                                           keras
tensorflow.compat.v1                                              tensorflow
tf_keras                                                          keras
keras.src                                                         keras
keras.utils.np_utils                                              keras.utils
keras.layers.core                                                 keras.layers
keras.layers.experimental.preprocessing                           keras.layers
keras.objectives                                                  keras.losses
keras.engine                                                      keras.engine
keras.backend.tensorflow_backend                                  keras.backend

tensorflow.keras.layers.Dense                                     keras.layers.Dense
tensorflow.python.keras.layers.core.Dense                         keras.layers.Dense
tensorflow.compat.v1.keras.layers.Dense                           keras.layers.Dense
tensorflow.compat.v2.keras.layers.Dense                           keras.layers.Dense
tensorflow.contrib.keras.layers.Dense                             keras.layers.Dense
tensorflow.contrib.keras.api.keras.layers.Dense                   keras.layers.Dense
tensorflow._api.v2.keras.layers.Dense                             keras.layers.Dense
tf_keras.layers.Dense                                             keras.layers.Dense
tf_keras.src.layers.core.dense.Dense                              keras.layers.Dense
keras_core.layers.Dense                                           keras.layers.Dense
keras.api.layers.Dense                                            keras.layers.Dense
keras.api._v2.keras.layers.Dense                                  keras.layers.Dense
keras._tf_keras.keras.layers.Dense                                keras.layers.Dense
keras.layers.core.Dense                                           keras.layers.Dense
keras.src.layers.core.dense.Dense                                 keras.layers.Dense
keras.layers.Dense                                                keras.layers.Dense
keras.layers.Dense.from_config                                    keras.layers.Dense.from_config
keras.layers.convolutional.Conv2D                                 keras.layers.Conv2D
keras.layers.wrappers.TimeDistributed                             keras.layers.TimeDistributed
keras.layers.advanced_activations.LeakyReLU                       keras.layers.LeakyReLU
keras.layers.normalization.BatchNormalization                     keras.layers.BatchNormalization
keras.layers.normalization.batch_normalization.BatchNormalization keras.layers.BatchNormalization
keras.layers.recurrent.LSTM                                       keras.layers.LSTM
keras.layers.embeddings.Embedding                                 keras.layers.Embedding
keras.layers.experimental.preprocessing.Rescaling                 keras.layers.Rescaling
keras.layers.preprocessing.text_vectorization.TextVectorization   keras.layers.TextVectorization
keras.layers.merge.add                                            keras.layers.add
keras.layers.merge.Concatenate                                    keras.layers.Concatenate
keras.layers.merge                                                keras.layers.merge
keras.layers.add                                                  keras.layers.add
keras.src.layers.merging.dot.Dot                                  keras.layers.Dot
keras.Layer                                                       keras.layers.Layer
keras.engine.topology.Layer                                       keras.layers.Layer
keras.engine.base_layer.Layer                                     keras.layers.Layer

keras.Sequential                                                  keras.Sequential
keras.models.Sequential                                           keras.Sequential
keras.engine.sequential.Sequential                                keras.Sequential
keras.src.models.sequential.Sequential                            keras.Sequential
tensorflow.keras.models.Sequential                                keras.Sequential
tensorflow.keras.models.Sequential.add                            keras.Sequential.add
keras.Model                                                       keras.Model
keras.models.Model                                                keras.Model
keras.engine.Model                                                keras.Model
keras.engine.training.Model                                       keras.Model
keras.src.models.functional.Functional                            keras.Model
keras.Input                                                       keras.Input
keras.layers.Input                                                keras.Input
keras.engine.Input                                                keras.Input
keras.engine.input_layer.Input                                    keras.Input
keras.src.layers.core.input_layer.Input                           keras.Input
keras.engine.input_layer.InputLayer                               keras.layers.InputLayer
keras.models.load_model                                           keras.models.load_model
keras.saving.load_model                                           keras.models.load_model
keras.src.models.cloning.clone_model                              keras.models.clone_model

tensorflow.losses.BinaryCrossentropy                              keras.losses.BinaryCrossentropy
tensorflow.metrics.AUC                                            keras.metrics.AUC
tensorflow.optimizers.Adam                                        keras.optimizers.Adam
tensorflow.initializers.HeNormal                                  keras.initializers.HeNormal
keras.optimizers.legacy.Adam                                      keras.optimizers.Adam
keras.optimizers.schedules.CosineDecay                            keras.optimizers.schedules.CosineDecay
keras.objectives.binary_crossentropy                              keras.losses.binary_crossentropy
keras.src.losses.losses.BinaryCrossentropy                        keras.losses.BinaryCrossentropy
keras.metrics.categorical_accuracy                                keras.metrics.categorical_accuracy
keras.metrics.binary_crossentropy                                 keras.metrics.binary_crossentropy
keras.src.metrics.accuracy_metrics.BinaryAccuracy                 keras.metrics.BinaryAccuracy
keras.src.activations.activations.softmax                         keras.activations.softmax
tensorflow.keras.backend.softmax                                  keras.backend.softmax
keras.src.ops.nn.softmax                                          keras.ops.softmax
keras.ops.image.resize                                            keras.ops.image.resize

keras.utils.np_utils.to_categorical                               keras.utils.to_categorical
tensorflow.python.keras.utils.np_utils.to_categorical             keras.utils.to_categorical
keras.src.utils.numerical_utils.to_categorical                    keras.utils.to_categorical
keras.preprocessing.image_dataset_from_directory                  keras.utils.image_dataset_from_directory
keras.preprocessing.image_dataset.image_dataset_from_directory    keras.utils.image_dataset_from_directory
keras.src.utils.text_dataset_utils.text_dataset_from_directory    keras.utils.text_dataset_from_directory
keras_preprocessing.image.ImageDataGenerator                      keras.preprocessing.image.ImageDataGenerator
keras.legacy.preprocessing.image.ImageDataGenerator               keras.preprocessing.image.ImageDataGenerator
keras.src.legacy.preprocessing.image.ImageDataGenerator           keras.preprocessing.image.ImageDataGenerator
keras.preprocessing.text.one_hot                                  keras.preprocessing.text.one_hot
keras.applications.VGG16                                          keras.applications.VGG16
keras.applications.vgg16.VGG16                                    keras.applications.VGG16
keras_applications.resnet50.ResNet50                              keras.applications.ResNet50
keras.applications.vgg16.preprocess_input                         keras.applications.vgg16.preprocess_input
keras.applications.vgg16                                          keras.applications.vgg16
tensorflow.keras.datasets.mnist.load_data                         keras.datasets.mnist.load_data
keras.wrappers.scikit_learn.KerasClassifier                       keras.wrappers.KerasClassifier
scikeras.wrappers.KerasClassifier                                 keras.wrappers.KerasClassifier

tensorflow.data.Dataset                                           tensorflow.data.Dataset
tensorflow.compat.v1.data.Dataset                                 tensorflow.data.Dataset
tensorflow.data.experimental.AUTOTUNE                             tensorflow.data.experimental.AUTOTUNE
tensorflow.nn.softmax                                             tensorflow.nn.softmax
tensorflow.math.softmax                                           tensorflow.nn.softmax
tensorflow.sigmoid                                                tensorflow.nn.sigmoid
tensorflow.math.argmax                                            tensorflow.argmax
tensorflow.one_hot                                                tensorflow.one_hot
tensorflow_datasets.load                                          tensorflow_datasets.load
sklearn.preprocessing._label.LabelBinarizer                       sklearn.preprocessing.LabelBinarizer
sklearn.cross_validation.train_test_split                         sklearn.model_selection.train_test_split
sklearn.datasets.samples_generator.make_blobs                     sklearn.datasets.make_blobs
pandas.core.frame.DataFrame                                       pandas.DataFrame
numpy.eye                                                         numpy.eye
torch.nn.CrossEntropyLoss                                         torch.nn.CrossEntropyLoss
re.compile                                                        re.compile
models.Sequential                                                 models.Sequential
kerasish.layers.core.Dense                                        kerasish.layers.core.Dense
"""
TABLE = [tuple(line.split()) for line in SPELLINGS.splitlines() if line]


@pytest.mark.parametrize(("spelling", "name"), TABLE)
def test_a_spelling_has_one_name(spelling: str, name: str) -> None:
    assert canonical(spelling) == name


@pytest.mark.parametrize("name", sorted({name for row in TABLE for name in row} | {*PREFIXES, *PREFIXES.values()}))
def test_a_canonical_name_stays(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)


@pytest.mark.parametrize(("spelling", "name"), TABLE)
def test_a_name_may_be_walked_part_by_part(spelling: str, name: str) -> None:
    """A module that is bound to a variable and then asked for an attribute gives the same name."""
    walked = ""
    for part in spelling.split("."):
        walked = canonical(f"{walked}.{part}" if walked else part)
    assert walked == name


def test_libraries_that_leave_models_alone() -> None:
    assert {"keras", "tensorflow", "numpy", "pandas", "sklearn", "matplotlib", "scipy", "PIL"} <= KNOWN_LIBRARIES
    assert {"cv2", "os", "sys", "json", "math", "random"} <= KNOWN_LIBRARIES
