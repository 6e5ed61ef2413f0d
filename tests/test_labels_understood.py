"""What the static side understands of labels on their way from where they are made to `fit`."""

from __future__ import annotations

import pytest

from lossguard.facts import Encoding, Labels, TrainingSetup
from lossguard.source import Source
from lossguard.static import syntax
from lossguard.static.interpreter import understand
from lossguard.static.program import Program, Trees

IMPORTS = """
import keras
import numpy as np
import pandas as pd
import tensorflow as tf
import tensorflow_datasets as tfds
from keras.datasets import mnist, cifar10, imdb
from keras.utils import to_categorical
from sklearn.datasets import *
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer, OneHotEncoder
from keras.preprocessing.image import ImageDataGenerator
n = int(input())
(x, y), (x_test, y_test) = mnist.load_data()
df = pd.read_csv("data.csv")
"""
MODEL = """
model = keras.Sequential([keras.layers.Dense(1)])
model.compile('adam', 'mse')
"""


def labels(program: str, fit: str = "model.fit(x, y)") -> Labels | None:
    text = IMPORTS + program + MODEL + fit
    found = understand(Program(Source(None, "program.py", text), syntax.parse(text), Trees(lambda _: None)))
    (setup,) = [case.fact for case in found.cases if isinstance(case.fact, TrainingSetup)]
    return setup.labels


# program, encoding, rank, number of classes as written
SOURCES = [
    ("", Encoding.INTEGER, 1, "10"),
    ("(_, y), _ = cifar10.load_data()", Encoding.INTEGER, 2, "10"),
    ("(_, y), _ = keras.datasets.cifar100.load_data(label_mode='coarse')", Encoding.INTEGER, 2, "20"),
    ("(_, y), _ = imdb.load_data(num_words=100)", Encoding.BINARY, 1, "2"),
    ("(_, y), _ = keras.datasets.boston_housing.load_data()", Encoding.CONTINUOUS, 1, ""),
    ("y = to_categorical(y)", Encoding.ONE_HOT, 2, "10"),
    ("y = to_categorical(y, n)", Encoding.ONE_HOT, 2, "n"),
    ("y = to_categorical(y, n - 1)", Encoding.ONE_HOT, 2, "n - 1"),
    ("y = keras.utils.np_utils.to_categorical(y, num_classes=10)", Encoding.ONE_HOT, 2, "10"),
    ("y = tf.one_hot(y, 10)", Encoding.ONE_HOT, 2, "10"),
    ("y = np.eye(10)[y]", Encoding.ONE_HOT, 2, "10"),
    ("y = np.eye(10)[y.reshape(-1)]", Encoding.ONE_HOT, 2, "10"),
    ("y = np.argmax(to_categorical(y), axis=1)", Encoding.INTEGER, 1, "10"),
    ("y = to_categorical(y).argmax(axis=-1)", Encoding.INTEGER, 1, "10"),
    ("y = to_categorical(y)[:, 0]", Encoding.BINARY, 1, "2"),
    ("y = y.astype('float32')", Encoding.INTEGER, 1, "10"),
    ("y = y.reshape(-1, 1)", Encoding.INTEGER, 2, "10"),
    ("y = np.expand_dims(y, -1)", Encoding.INTEGER, 2, "10"),
    ("y = y[:100]", Encoding.INTEGER, 1, "10"),
    ("y = (y == 3).astype(int)", Encoding.BINARY, 1, "2"),
    ("y = y % 2", Encoding.BINARY, 1, "2"),
    ("x, _, y, _ = train_test_split(x, y)", Encoding.INTEGER, 1, "10"),
    ("x, y = make_blobs(centers=4)", Encoding.INTEGER, 1, "4"),
    ("x, y = make_classification(n_classes=3)", Encoding.INTEGER, 1, "3"),
    ("x, y = make_moons()", Encoding.BINARY, 1, "2"),
    ("x, y = load_iris(return_X_y=True)", Encoding.INTEGER, 1, "3"),
    ("y = load_iris().target", Encoding.INTEGER, 1, "3"),
    ("y = load_iris()['target']", Encoding.INTEGER, 1, "3"),
    ("y = np.random.randint(0, 5, 100)", Encoding.INTEGER, 1, "5"),
    ("y = np.random.randint(2, size=(100, 1))", Encoding.BINARY, 2, "2"),
    ("y = np.random.randint(0, 2, (100, 5))", Encoding.UNKNOWN, 2, ""),
    ("y = np.random.default_rng(0).integers(0, 5, size=100)", Encoding.INTEGER, 1, "5"),
    ("rng = np.random.RandomState(1)\ny = rng.randint(2, size=100)", Encoding.BINARY, 1, "2"),
    ("rng = np.random.default_rng()\ny = rng.normal(size=100)", Encoding.CONTINUOUS, 1, ""),
    ("y = np.random.uniform(-1, 1, 100)", Encoding.CONTINUOUS, 1, ""),
    ("y = np.random.uniform(size=100)", Encoding.UNKNOWN, 1, ""),
    ("y = 3.0 * np.random.randn(100)", Encoding.CONTINUOUS, 1, ""),
    ("y = 2 * np.random.randint(0, 2, 100) - 1", Encoding.SIGNED, 1, "2"),
    ("y = np.random.randint(0, 2, 100) * 2 - 1", Encoding.SIGNED, 1, "2"),
    ("y = (np.random.randint(0, 2, 100) - 0.5) * 2", Encoding.SIGNED, 1, "2"),
    ("y = 1 - np.random.randint(0, 2, 100)", Encoding.BINARY, 1, "2"),
    ("y = np.random.randint(0, 2, 100) * 5", Encoding.UNKNOWN, 1, "2"),
    ("y = np.arange(100) % 3", Encoding.INTEGER, 1, "3"),
    ("y = np.arange(100) % 2", Encoding.BINARY, 1, "2"),
    ("y = np.arange(100)", Encoding.UNKNOWN, 1, ""),
    ("y = np.random.randint(0, 7, 100) % 3", Encoding.INTEGER, 1, "3"),
    ("y = np.repeat([0, 1], 50)", Encoding.BINARY, 1, "2"),
    ("y = np.repeat(np.arange(3), 50)", Encoding.INTEGER, 1, "3"),
    ("y = np.tile([0, 1, 2], 50)", Encoding.INTEGER, 1, "3"),
    ("y = np.concatenate([np.zeros(50), np.ones(50)])", Encoding.BINARY, 1, "2"),
    ("y = np.concatenate((np.ones(50), -np.ones(50)))", Encoding.SIGNED, 1, "2"),
    ("y = np.hstack([np.zeros(5), np.ones(5), np.full(5, 2)])", Encoding.INTEGER, 1, "3"),
    ("y = np.ones(90, dtype='int64')\ny[:30] = 0\ny[60:] = 2", Encoding.INTEGER, 1, ""),
    ("y = np.zeros(90)\ny[:30] = 1", Encoding.BINARY, 1, "2"),
    ("y = np.zeros((90, 1))", Encoding.UNKNOWN, 2, ""),
    ("y = np.array([0, 1, 1, 0])", Encoding.BINARY, 1, "2"),
    ("y = np.array([[0], [1], [1], [0]])", Encoding.BINARY, 2, "2"),
    ("y = np.array([0, 1, 2])", Encoding.INTEGER, 1, "3"),
    ("y = np.array([-1, 1, 1])", Encoding.SIGNED, 1, "2"),
    ("y = np.array([0.5, 1.7])", Encoding.CONTINUOUS, 1, ""),
    ("y = np.array([[0, 1, 0], [1, 0, 0]])", Encoding.ONE_HOT, 2, "3"),
    ("y = np.array([[0, 1, 1], [1, 0, 0]])", Encoding.MULTI_HOT, 2, ""),
    ("y = np.where(x > 0, 1, -1)", Encoding.SIGNED, None, "2"),
    ("y = LabelEncoder().fit_transform(df['kind'])", Encoding.INTEGER, 1, "the number of classes"),
    ("y = pd.get_dummies(df['kind']).values", Encoding.ONE_HOT, 2, "the number of classes"),
    ("y = df['kind'].map({'a': 0, 'b': 1})", Encoding.BINARY, 1, "2"),
    ("y = df['kind'].map({'a': 0, 'b': 1, 'c': 2}).values", Encoding.INTEGER, 1, "3"),
    ("y = df['kind'].apply(lambda k: 1 if k == 'a' else 0)", Encoding.BINARY, 1, "2"),
    ("y = df['kind'].astype('category').cat.codes", Encoding.INTEGER, 1, ""),
    ("y = MultiLabelBinarizer().fit_transform(df['kinds'])", Encoding.MULTI_HOT, 2, "the number of classes"),
    ("y = LabelBinarizer().fit_transform(y)", Encoding.ONE_HOT, 2, "10"),
    ("y = LabelBinarizer().fit_transform(make_moons()[1])", Encoding.BINARY, 2, "2"),
    ("y = OneHotEncoder(sparse_output=False).fit_transform(y.reshape(-1, 1))", Encoding.ONE_HOT, 2, "10"),
    (
        "y = OneHotEncoder(sparse_output=False).fit_transform(elsewhere.load().reshape(-1, 1))",
        Encoding.ONE_HOT,
        2,
        "the number of classes",
    ),
    ("y = elsewhere.load().reshape(-1)", Encoding.UNKNOWN, 1, ""),
    ("y = pd.read_json('file')['kind']", Encoding.UNKNOWN, 1, ""),
    ("y = pd.get_dummies(pd.read_csv('file'), columns=['sex'])['kind'].values", Encoding.UNKNOWN, 1, ""),
    ("y = y if n else y", Encoding.INTEGER, 1, "10"),
]


@pytest.mark.parametrize(("program", "encoding", "rank", "classes"), SOURCES, ids=[row[0] or "load" for row in SOURCES])
def test_source(program: str, encoding: Encoding, rank: int | None, classes: str) -> None:
    found = labels(program)
    assert found is not None
    told = str(found.classes) if found.classes.size is not None or found.classes.symbol is not None else ""
    assert (found.encoding, found.rank, told) == (encoding, rank, classes)


DATASETS = [
    ("ds = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(9).batch(32).prefetch(1)", Encoding.INTEGER),
    (
        "ds = tf.data.Dataset.from_tensor_slices((x, y)).map(lambda a, b: (a, tf.one_hot(b, 10))).batch(9)",
        Encoding.ONE_HOT,
    ),
    (
        """
def prepare(a, b):
    return a / 255, tf.one_hot(b, 10)
ds = tf.data.Dataset.from_tensor_slices((x, y)).map(prepare).batch(9).take(5).cache().repeat()
""",
        Encoding.ONE_HOT,
    ),
    (
        "ds = tf.data.Dataset.zip((tf.data.Dataset.from_tensor_slices(x), tf.data.Dataset.from_tensor_slices(y)))",
        Encoding.INTEGER,
    ),
    ("ds = tfds.load('mnist', split='train', as_supervised=True).batch(9)", Encoding.INTEGER),
    (
        "(ds, test), info = tfds.load('cats_vs_dogs', split=['train', 'test'], as_supervised=True, with_info=True)",
        Encoding.BINARY,
    ),
    ("ds = tfds.load('mnist', split='train').map(lambda d: (d['image'], d['label']))", Encoding.INTEGER),
    ("ds = keras.utils.image_dataset_from_directory('d')", Encoding.INTEGER),
    ("ds = keras.utils.image_dataset_from_directory('d', label_mode='categorical')", Encoding.ONE_HOT),
    ("ds = keras.utils.image_dataset_from_directory('d', label_mode='binary')", Encoding.BINARY),
    ("ds = ImageDataGenerator().flow_from_directory('d')", Encoding.ONE_HOT),
    ("ds = ImageDataGenerator().flow_from_directory('d', class_mode='sparse')", Encoding.INTEGER),
    ("ds = ImageDataGenerator(rescale=1/255).flow(x, to_categorical(y), batch_size=3)", Encoding.ONE_HOT),
    ("def batches():\n    while True:\n        yield x, to_categorical(y)\nds = batches()", Encoding.ONE_HOT),
    (
        """
class Batches(keras.utils.Sequence):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __getitem__(self, i):
        return self.x[i], to_categorical(self.y, 10)
ds = Batches(x, y)
""",
        Encoding.ONE_HOT,
    ),
]


@pytest.mark.parametrize(("program", "encoding"), DATASETS, ids=[row[0][:70] for row in DATASETS])
def test_dataset(program: str, encoding: Encoding) -> None:
    found = labels(program, "model.fit(ds, epochs=1)")
    assert found is not None
    assert found.encoding is encoding


NOT_UNDERSTOOD = [
    "from elsewhere import load\ny = load()",
    "y[y > 1] = 1",
    "y = pd.get_dummies(df).values",
    "y = LabelBinarizer().fit_transform(df['kind'])",
    "y = keras.preprocessing.text.one_hot('a text', 10)",
    "if n == 1:\n    y = to_categorical(y)\n    y = elsewhere(y)\nelse:\n    y = elsewhere(y)",
]


@pytest.mark.parametrize("program", NOT_UNDERSTOOD)
def test_silent_about_what_is_not_understood(program: str) -> None:
    found = labels(program)
    assert found is None or found.encoding is Encoding.UNKNOWN


@pytest.mark.parametrize("made", ["np.random.randn(60)", "make_regression()[1]", "1 - np.random.randn(60) * 2"])
@pytest.mark.parametrize("used", ["to_categorical(y)", "np.eye(3)[y]", "np.max(y)", "y.max() + 1", "y * 0", "y % 2"])
def test_targets_without_bounds_bear_everything(made: str, used: str) -> None:
    found = labels(f"y = {made}\nother = {used}\n")
    assert found is not None
    assert (found.encoding, found.low, found.high) == (Encoding.CONTINUOUS, float("-inf"), float("inf"))
