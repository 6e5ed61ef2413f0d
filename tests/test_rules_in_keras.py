"""What the rules say of Keras, asked of Keras: every documented program and every fixture is run.

Each rule has a claim, a question about a program that has been run. The answer must be yes for bad programs
and no for the rule's documented good one; all good programs must run through with finite losses. Everything
runs eagerly on TensorFlow, on tiny data; data sets that would be downloaded are replaced by noise of their shape.
"""

# ruff: noqa: ANN401  (Keras is not typed)

from __future__ import annotations

import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import versions
from lossguard.rules import ALL, BY_CODE, BY_NAME
from lossguard.rules.documentation import program, sections

np = pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")

pytestmark = [pytest.mark.keras, pytest.mark.filterwarnings("ignore")]

FIXTURES = Path(__file__).parent.parent / "fixtures"
EXPECT = re.compile(r"# expect: (.*)")
Array = Any


@dataclass
class Fit:
    """One call of `fit`, and what came of it."""

    model: Any
    x: Any
    y: Any
    loss: list[float] = field(default_factory=list)
    start: list[Any] = field(default_factory=list)

    @property
    def labels(self) -> Array:
        """The labels as the loss gets them: Keras 2 makes a column of a row."""
        y = np.asarray(self.y)
        return y[:, None] if y.ndim == 1 and versions.installed() < (3, 0) else y

    @property
    def predictions(self) -> Array:
        return np.asarray(self.model(self.x, training=False))

    @property
    def activation(self) -> str:
        function = getattr(self.model.layers[-1], "activation", None)
        return str(getattr(function, "__name__", "linear"))

    def loss_of(self, predictions: Array, labels: Array | None = None) -> float:
        """The compiled loss on plain values: without the pre-activation that TensorFlow keeps on a tensor."""
        import tensorflow as tf

        y = self.labels if labels is None else labels
        y = y[:, None] if y.ndim == 1 and np.ndim(predictions) == 2 and np.shape(predictions)[1] == 1 else y
        plain = tf.constant(np.asarray(predictions, "float32"))
        return float(self.model.compute_loss(x=None, y=tf.constant(y), y_pred=plain))

    def metrics_of(self, predictions: Array, labels: Array | None = None) -> dict[str, float]:
        """The compiled metrics on plain values."""
        import tensorflow as tf

        y = self.labels if labels is None else labels
        self.model.reset_metrics()
        results = self.model.compute_metrics(
            None, tf.constant(y), tf.constant(np.asarray(predictions, "float32")), None
        )
        return {name: float(value) for name, value in results.items() if name != "loss"}


@dataclass
class Run:
    """A program that has been run: what it raised and warned, what it trained, and its variables."""

    error: Exception | None = None
    warned: list[str] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)


# What the loss ought to be, by NumPy


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(z: Array) -> Array:
    return 1 / (1 + np.exp(-z))


def probabilities(outputs: Array) -> Array:
    """The outputs, if they are probabilities; else what they would be as raw scores."""
    single = outputs.shape[-1] == 1
    inside = ((outputs >= 0) & (outputs <= 1)).all()
    digits = 1e-4 if outputs.dtype.itemsize >= np.dtype("float32").itemsize else 2e-3
    if inside and (single or np.allclose(outputs.sum(axis=-1), 1, atol=digits)):
        return outputs
    return sigmoid(outputs) if single else softmax(outputs)


def cross_entropy(labels: Array, p: Array) -> float:
    p = np.clip(p.astype("float64"), 1e-7, 1 - 1e-7)
    if p.shape[-1] == 1:
        y = labels.reshape(p.shape)
        return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
    y = labels if labels.shape == p.shape else np.eye(p.shape[-1])[labels.astype(int).reshape(p.shape[:-1])]
    return float(-(y * np.log(p)).sum(axis=-1).mean())


def one_hot(labels: Array, width: int) -> Array:
    return labels if labels.ndim > 1 and labels.shape[-1] == width else np.eye(width)[labels.astype(int).reshape(-1)]


def nearly_right(fit: Fit) -> Array:
    """Predictions of a model that is sure and right."""
    width = fit.predictions.shape[-1]
    target = (fit.labels.reshape(-1, 1) > 0).astype(float) if width == 1 else one_hot(fit.labels, width)
    return 0.01 + 0.97 * target


# Claims


def raises(run: Run) -> bool:
    """Keras refuses the program; that a file or a name is missing is another matter."""
    return isinstance(run.error, _refusals())


def _refusals() -> tuple[type[Exception], ...]:
    import tensorflow as tf

    return ValueError, TypeError, tf.errors.InvalidArgumentError


def of_any_fit(question: Callable[[Fit], bool]) -> Callable[[Run], bool]:
    def claim(run: Run) -> bool:
        return run.error is None and any(question(fit) for fit in run.fits)

    return claim


def either(*claims: Callable[[Run], bool]) -> Callable[[Run], bool]:
    return lambda run: any(claim(run) for claim in claims)


@of_any_fit
def loss_is_wrong(fit: Fit) -> bool:
    outputs = fit.predictions
    return not np.isclose(fit.loss_of(outputs), cross_entropy(fit.labels, probabilities(outputs)), rtol=2e-3)


@of_any_fit
def independent_sigmoids_are_doubled(fit: Fit) -> bool:
    outputs = fit.predictions
    y = fit.labels.reshape(outputs.shape)
    right = -(y * np.log(outputs) + (1 - y) * np.log(1 - outputs)).mean()
    return not np.isclose(fit.loss_of(outputs), right, rtol=1e-2)


@of_any_fit
def always_one(fit: Fit) -> bool:
    return bool((fit.predictions == (0 if fit.activation == "log_softmax" else 1)).all())


@of_any_fit
def loss_is_zero(fit: Fit) -> bool:
    return abs(fit.loss[0]) < 1e-5


@of_any_fit
def no_distribution(fit: Fit) -> bool:
    return not np.allclose(fit.predictions.sum(axis=-1), 1, atol=1e-3)


@of_any_fit
def sure_and_wrong_is_cheap(fit: Fit) -> bool:
    return fit.loss_of(np.roll(fit.labels, 1, axis=-1)) < 1


@of_any_fit
def unbounded(fit: Fit) -> bool:
    """Sure answers, each on the side of its label, cost less than nothing."""
    outputs = fit.predictions
    return (
        bool(outputs.shape[-1] == 1) and fit.loss_of(np.where(fit.labels.reshape(outputs.shape) > 0, 30.0, -30.0)) < -1
    )


@of_any_fit
def best_answer_costs_half(fit: Fit) -> bool:
    low, high = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softplus": (0.0, 1.0)}[fit.activation]
    best = np.where(fit.labels > 0, high, low)[:, None]
    return fit.loss_of(best) > 0.3


@of_any_fit
def never_sure(fit: Fit) -> bool:
    """Whatever the model answers within the bounds of its activation, the loss can't get small."""
    bounds = {"relu": (0.0, 30.0), "tanh": (-1.0, 1.0)}.get(fit.activation)
    if bounds is None:
        return False
    width = fit.predictions.shape[-1]
    right = fit.labels.reshape(-1, 1) > 0 if width == 1 else one_hot(fit.labels, width) > 0
    return fit.loss_of(np.where(right, bounds[1], bounds[0])) > 0.2


@of_any_fit
def is_nan_below_zero(fit: Fit) -> bool:
    """Fresh weights and inputs on both sides: some answer is below zero, and the loss is NaN."""
    import keras

    model = keras.models.clone_model(fit.model)
    outputs = np.asarray(model(10 * np.random.default_rng(1).normal(size=np.shape(fit.x)).astype("float32")))
    return bool(outputs.min() < 0) and not np.isfinite(fit.loss_of(outputs))


@of_any_fit
def only_the_sign_counts(fit: Fit) -> bool:
    """Each answer as large as it may be, the loss stays what it is."""
    outputs = fit.predictions
    sizes = np.random.default_rng(2).uniform(0.1, 9, outputs.shape)
    return bool(np.isclose(fit.loss_of(outputs), fit.loss_of(sizes * outputs), atol=1e-4))


@of_any_fit
def targets_are_out_of_reach(fit: Fit) -> bool:
    nonnegative = dict.fromkeys(("relu", "softplus"), (0, float("inf")))
    bounds = {"sigmoid": (0, 1), "softmax": (0, 1), "tanh": (-1, 1), **nonnegative}.get(fit.activation)
    return bounds is not None and bool((fit.labels < bounds[0]).any() or (fit.labels > bounds[1]).any())


@of_any_fit
def shapes_differ(fit: Fit) -> bool:
    """Those of labels and outputs, where the loss compares them element by element."""
    ids = "sparse" in str(fit.model.loss).lower()
    return bool(not ids and fit.labels.ndim > 1 and fit.labels.shape != fit.predictions.shape)


@of_any_fit
def axis_too_many(fit: Fit) -> bool:
    return bool(fit.predictions.ndim > max(2, fit.labels.ndim))


@of_any_fit
def shares_one_among_several(fit: Fit) -> bool:
    return bool(np.allclose(fit.predictions.sum(axis=-1), 1, atol=1e-3) and (fit.labels.sum(axis=-1) > 1).any())


@of_any_fit
def all_right_is_dear(fit: Fit) -> bool:
    """Sure and right about every label costs as much as being unsure."""
    return fit.loss_of(0.01 + 0.98 * fit.labels) > 0.3


@of_any_fit
def perfect_scores_look_imperfect(fit: Fit) -> bool:
    negative = float(fit.labels.min())
    labels = np.array([[1.0], [1.0], [negative], [negative]])
    scores = np.array([[0.3], [0.2], [-0.2], [-0.3]])
    return min(fit.metrics_of(scores, labels).values()) < 0.99


@of_any_fit
def right_answers_count_nothing(fit: Fit) -> bool:
    return min(fit.metrics_of(nearly_right(fit)).values()) < 0.9


@of_any_fit
def wrong_answers_look_right(fit: Fit) -> bool:
    metrics = fit.metrics_of(1 - nearly_right(fit))
    return any(value > 0.9 for name, value in metrics.items() if "acc" in name)


@of_any_fit
def no_answer_looks_good(fit: Fit) -> bool:
    shape = fit.predictions.shape
    return max(fit.metrics_of(np.full(shape, 1 / shape[-1])).values()) > 0.6


@of_any_fit
def other_labels_count_nothing(fit: Fit) -> bool:
    """A model that sees the first label of each sample only is taken for perfect."""
    first = np.eye(fit.labels.shape[-1])[fit.labels.argmax(axis=-1)]
    several = fit.labels.sum(axis=-1) > 1
    metrics = fit.metrics_of(0.01 + 0.97 * first[several], fit.labels[several])
    return bool(several.any()) and max(metrics.values()) > 0.99


@of_any_fit
def answers_make_no_difference(fit: Fit) -> bool:
    low, high = (fit.metrics_of(np.full(fit.predictions.shape, answer)) for answer in (0.01, 0.99))
    return any(np.isclose(low[name], high[name]) for name in low if "acc" not in name or "binary" in name)


@of_any_fit
def answers_are_cut_to_zero(fit: Fit) -> bool:
    metrics = fit.metrics_of(nearly_right(fit).reshape(fit.predictions.shape))
    return any(value < 0.6 for name, value in metrics.items() if "io_u" in name)


@of_any_fit
def hits_are_not_counted(fit: Fit) -> bool:
    perfect = fit.labels.reshape(fit.predictions.shape)
    metrics = fit.metrics_of(perfect, perfect)
    return any(value < 0.5 for name, value in metrics.items() if "acc" in name)


@of_any_fit
def made_by_keras_3(fit: Fit) -> bool:
    """What was compiled is a class, of which Keras 3 makes an instance."""
    return isinstance(fit.model.loss, type)


def call_differs_from_right_order(run: Run) -> bool:
    right = float(run.names["loss_fn"](run.names["y"], run.names["predictions"]))
    return not np.isclose(float(run.names["loss"]), right, rtol=1e-2)


def call_activates_twice(run: Run) -> bool:
    y, outputs = np.asarray(run.names["y"]), np.asarray(run.names["predictions"])
    right = cross_entropy(y, probabilities(outputs))
    return not np.isclose(float(run.names["loss"]), right, rtol=1e-2) or warned_of_logits(run)


def warned_of_logits(run: Run) -> bool:
    return any("received `from_logits=True`" in text for text in run.warned)


def only_the_first_class(run: Run) -> bool:
    classes = np.asarray(run.names["classes"])
    return classes.ndim == 1 and not classes.any()


def scores_are_split_too_high(run: Run) -> bool:
    scores = run.fits[-1].predictions
    return bool((np.asarray(run.names["classes"]).astype(bool) != (scores > 0)).any())


@of_any_fit
def not_finite(fit: Fit) -> bool:
    return not np.isfinite(fit.loss).all()


@of_any_fit
def nothing_was_learnt(fit: Fit) -> bool:
    return all(
        (np.asarray(weight) == before).all() for weight, before in zip(fit.model.weights, fit.start, strict=True)
    )


@of_any_fit
def one_answer_for_all(fit: Fit) -> bool:
    return bool(np.ptp(fit.predictions, axis=0).max() == 0)


CLAIMS: dict[str, Callable[[Run], bool]] = {
    "LG101": loss_is_wrong,
    "LG102": either(loss_is_wrong, independent_sigmoids_are_doubled),
    "LG103": either(raises, loss_is_wrong),
    "LG104": either(loss_is_wrong, never_sure),
    "LG105": always_one,
    "LG106": either(raises, loss_is_zero),
    "LG107": raises,
    "LG108": either(raises, loss_is_wrong),
    "LG109": no_distribution,
    "LG110": sure_and_wrong_is_cheap,
    "LG111": either(raises, unbounded),
    "LG112": best_answer_costs_half,
    "LG113": targets_are_out_of_reach,
    "LG114": is_nan_below_zero,
    "LG115": either(raises, only_the_sign_counts),
    "LG201": either(raises, shapes_differ),
    "LG202": raises,
    "LG203": unbounded,
    "LG204": either(raises, shapes_differ),
    "LG205": either(shares_one_among_several, all_right_is_dear),
    "LG206": unbounded,
    "LG207": either(raises, shapes_differ),
    "LG301": either(raises, shapes_differ),
    "LG302": raises,
    "LG303": either(raises, axis_too_many),
    "LG401": perfect_scores_look_imperfect,
    "LG402": right_answers_count_nothing,
    "LG403": either(raises, right_answers_count_nothing, wrong_answers_look_right),
    "LG404": either(raises, no_answer_looks_good, right_answers_count_nothing),
    "LG405": hits_are_not_counted,
    "LG406": other_labels_count_nothing,
    "LG407": either(raises, answers_make_no_difference),
    "LG408": either(raises, answers_are_cut_to_zero),
    "LG501": either(raises, call_differs_from_right_order),
    "LG502": call_activates_twice,
    "LG503": raises,
    "LG504": either(raises, made_by_keras_3),
    "LG505": raises,
    "LG506": either(raises, loss_is_wrong),
    "LG507": raises,
    "LG601": only_the_first_class,
    "LG602": scores_are_split_too_high,
    "LG701": raises,
    "LG702": not_finite,
    "LG703": either(raises, nothing_was_learnt),
    "LG704": one_answer_for_all,
    "LG705": loss_is_wrong,
}


# Running


@pytest.fixture(scope="module")
def fits() -> Iterator[list[Fit]]:
    """Keras, made eager and quiet; the list collects every call of `fit`."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install 'lossguard[test]'")
        import keras
    if keras.backend.backend() != "tensorflow":
        pytest.skip("measured on the TensorFlow backend of Keras")
    collected: list[Fit] = []
    with pytest.MonkeyPatch.context() as patch:
        _collect_fits(patch, keras, collected)
        tf.config.run_functions_eagerly(True)
        yield collected
        tf.config.run_functions_eagerly(False)


def _collect_fits(patch: pytest.MonkeyPatch, keras: Any, collected: list[Fit]) -> None:
    train, predict = keras.Model.fit, keras.Model.predict

    def fit(self: Any, x: Any = None, y: Any = None, **options: Any) -> Any:
        record = Fit(self, x, y, start=[np.array(weight) for weight in self.weights] if self.built else [])
        collected.append(record)
        history = train(self, x, y, **{**options, "verbose": 0, "epochs": 1})
        record.loss.extend(history.history["loss"])
        return history

    patch.setattr(keras.Model, "fit", fit)
    patch.setattr(keras.Model, "predict", lambda self, x: predict(self, x, verbose=0))


def _stand_in_for_downloads(patch: pytest.MonkeyPatch, space: Any, tf: Any) -> None:
    random = np.random.default_rng(7)

    def images(shape: tuple[int, ...], classes: int, *, column: bool) -> Callable[..., Any]:
        def load_data(label_mode: str = "fine") -> Any:
            many = 20 if label_mode == "coarse" else classes
            labels = np.concatenate([np.arange(many), random.integers(0, many, 20)]).astype("uint8")
            labels = labels[:, None] if column else labels
            pixels = random.integers(0, 256, (len(labels), *shape)).astype("uint8")
            return (pixels, labels), (pixels, labels)

        return load_data

    def houses() -> Any:
        x, y = random.random((40, 13)), random.uniform(5, 50, 40)
        return (x, y), (x, y)

    def directory(*_: object, label_mode: str = "int", image_size: tuple[int, int], batch_size: int) -> Any:
        labels = np.arange(12, dtype="int32") % 5
        encoded = np.eye(5, dtype="float32")[labels] if label_mode == "categorical" else labels
        pixels = random.random((12, *image_size, 3)).astype("float32")
        return tf.data.Dataset.from_tensor_slices((pixels, encoded)).batch(batch_size)

    for name in ("mnist", "fashion_mnist"):
        patch.setattr(getattr(space.datasets, name), "load_data", images((28, 28), 10, column=False))
    patch.setattr(space.datasets.cifar10, "load_data", images((32, 32, 3), 10, column=True))
    patch.setattr(space.datasets.cifar100, "load_data", images((32, 32, 3), 100, column=True))
    patch.setattr(space.datasets.boston_housing, "load_data", houses)
    patch.setattr(space.utils, "image_dataset_from_directory", directory)


def run(source: str, name: str, fits: list[Fit]) -> Run:
    import tensorflow as tf
    import keras  # isort: skip

    keras.utils.set_random_seed(4)
    fits.clear()
    result = Run(fits=fits, names={"__name__": "__main__", "__file__": name})
    with (
        warnings.catch_warnings(record=True) as caught,
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(folder)  # some programs save what they have made
        for space in (keras, tf.keras):  # each time: TensorFlow's lazy modules can be made anew
            _stand_in_for_downloads(patch, space, tf)
        warnings.simplefilter("always")
        try:
            exec(compile(source, name, "exec"), result.names)  # noqa: S102
        except Exception as error:  # noqa: BLE001
            result.error = error
    result.warned = [str(warning.message) for warning in caught]
    return result


def went_well(result: Run) -> bool:
    if result.error is not None:
        raise result.error
    return all(np.isfinite(fit.loss).all() for fit in result.fits)


def evaluated(fit: Fit) -> float:
    """In one batch: the first Keras 3 give the mean of the batches, whatever their size."""
    return float(fit.model.evaluate(fit.x, fit.y, batch_size=len(fit.x), verbose=0))


def does_otherwise(name: str, result: Run, *codes: str) -> bool:
    """Whether the installed Keras treats this program in a way of its own, and the one that is known."""
    known = versions.otherwise(name)
    if known is None:
        return False
    assert known.says(result.error), result.error
    assert known.error or (went_well(result) and not any(CLAIMS[code](result) for code in codes))
    return True


RUNNABLE = [module for module in ALL if module.RULE.code in CLAIMS]


def test_every_rule_has_a_claim() -> None:
    assert set(BY_CODE) - set(CLAIMS) == {"LG901", "LG902"}


@pytest.mark.parametrize("module", RUNNABLE, ids=lambda module: module.RULE.name)
def test_bad_example_does_what_the_documentation_says(module: Any, fits: list[Fit]) -> None:
    name = f"{module.RULE.name}: Bad"
    result = run(program(sections(module.__doc__)["Bad"]), name, fits)
    assert does_otherwise(name, result, module.RULE.code) or CLAIMS[module.RULE.code](result), result.error


@pytest.mark.parametrize("name", ["softmax-from-logits", "sigmoid-from-logits"])
def test_tensorflow_goes_back_to_the_raw_scores_and_says_so(name: str, fits: list[Fit]) -> None:
    result = run(program(sections(BY_NAME[name].__doc__ or "")["Bad"]), name, fits)
    assert warned_of_logits(result)
    (fit,) = result.fits
    right = cross_entropy(fit.labels, fit.predictions)
    assert np.isclose(evaluated(fit), right, rtol=1e-3)


@pytest.mark.parametrize("name", ["bad_reshape_after", "bad_half_precision"])
def test_tensorflow_does_not_where_the_scores_are_lost(name: str, fits: list[Fit]) -> None:
    path = FIXTURES / "softmax-from-logits" / f"{name}.py"
    result = run(path.read_text(encoding="utf-8"), str(path), fits)
    assert not warned_of_logits(result)
    (fit,) = result.fits
    doubled = cross_entropy(fit.labels, softmax(fit.predictions))
    assert np.isclose(evaluated(fit), doubled, rtol=2e-3)  # half precision has three digits


def test_a_threshold_just_above_zero_splits_raw_scores(fits: list[Fit]) -> None:
    path = FIXTURES / "threshold-on-logits" / "good_threshold_above_zero.py"
    result = run(path.read_text(encoding="utf-8"), str(path), fits)
    assert went_well(result)
    assert not perfect_scores_look_imperfect(result)


@pytest.mark.parametrize("module", RUNNABLE, ids=lambda module: module.RULE.name)
def test_good_example_does_not(module: Any, fits: list[Fit]) -> None:
    name = f"{module.RULE.name}: Good"
    result = run(program(sections(module.__doc__)["Good"]), name, fits)
    assert does_otherwise(name, result) or (went_well(result) and not CLAIMS[module.RULE.code](result))


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*/bad_*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_bad_fixture_goes_wrong(path: Path, fits: list[Fit]) -> None:
    source = path.read_text(encoding="utf-8")
    codes = {code for expected in EXPECT.findall(source) for code in re.findall(r"LG\d{3}", expected)}
    assert codes
    result = run(source, str(path), fits)
    assert does_otherwise(f"{path.parent.name}/{path.stem}", result, *codes) or all(
        CLAIMS[code](result) for code in codes
    ), result.error


@pytest.mark.parametrize(
    "path", sorted(FIXTURES.glob("*/good_*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_good_fixture_runs(path: Path, fits: list[Fit]) -> None:
    result = run(path.read_text(encoding="utf-8"), str(path), fits)
    assert does_otherwise(f"{path.parent.name}/{path.stem}", result) or went_well(result)


def test_the_table_of_versions_names_programs() -> None:
    documented = {f"{module.RULE.name}: {section}" for module in RUNNABLE for section in ("Bad", "Good")}
    assert set(versions.PROGRAMS) <= documented | {
        f"{path.parent.name}/{path.stem}" for path in FIXTURES.glob("*/*.py")
    }
