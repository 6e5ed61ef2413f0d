"""The tables agree with each other, and with the Keras that is installed.

They describe the newest Keras 3 (`LATEST`) and Keras 2 in full: what a newer release adds, fails here by name. Of an
older Keras 3 they must know everything, with its arguments in the same order. To compare them with another version,
run this module in an environment that has it: `tensorflow==2.16.1 keras==3.0.5 tf_keras==2.16.0` are the oldest.
"""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

import pytest

from lossguard.catalog import activations, applications, labels, layers, losses, metrics
from lossguard.catalog.layers import LAYERS, OLD_PARAMETERS, Effect, RangeEffect
from lossguard.catalog.names import canonical
from lossguard.facts import Encoding, Family, LogitsRepair, Range

# The tables agree with each other.


def test_every_activation_has_a_range() -> None:
    named = {*activations.NAMES.values(), *activations.FUNCTIONS.values(), *activations.ALIASES.values()}
    assert named <= set(activations.ACTIVATIONS)
    assert set().union(*activations.STRINGS.values()) <= set(activations.NAMES)


def test_activations_by_any_name() -> None:
    assert activations.activation_range("swish") is Range.LOGITS
    assert activations.activation_range("Softmax") is Range.SIMPLEX
    assert activations.activation_range("squash") is Range.UNKNOWN


@pytest.mark.parametrize(
    "name",
    [
        *activations.FUNCTIONS,
        *losses.FUNCTIONS,
        *losses.RAW,
        *losses.THIRD_PARTY,
        *metrics.FUNCTIONS,
        *metrics.THIRD_PARTY,
        *labels.DATASETS,
        *labels.LOADERS,
        *labels.READERS,
        *labels.PASSED_THROUGH,
        *labels.ENCODERS,
        *sorted(labels.NOT_ENCODERS),
        *(head.name for head in applications.HEADS),
        *(f"keras.layers.{name}" for name in LAYERS if name != "Input"),
        *(f"keras.losses.{name}" for name in losses.CLASSES),
        *(f"keras.metrics.{name}" for name in metrics.METRICS),
        *(f"keras.applications.{name}" for name in applications.APPLICATIONS),
    ],
)
def test_tables_are_keyed_by_canonical_names(name: str) -> None:
    assert canonical(name) == name


def test_raw_activations_are_not_keras_own() -> None:
    assert {"tensorflow.nn.softmax", "tensorflow.nn.sigmoid"} <= activations.RAW <= set(activations.FUNCTIONS)
    assert not any(name.startswith("keras.") for name in activations.RAW)


@pytest.mark.parametrize("spec", LAYERS.values(), ids=lambda spec: spec.name)
def test_a_layer_is_described_completely(spec: layers.LayerSpec) -> None:
    sized = {Effect.INPUT, Effect.SET, Effect.RESHAPE, Effect.PERMUTE, Effect.MULTIPLY, Effect.APPEND, Effect.WRAP}
    if spec.effect in sized:
        assert spec.size_parameter is not None
    if spec.range_effect is RangeEffect.OWN:
        assert spec.activation_parameter or spec.default_activation
    else:
        assert spec.activation_parameter is None
        assert spec.default_activation is None
    if spec.default_activation is not None:
        assert spec.default_activation in activations.ACTIVATIONS
    assert len(set(spec.parameters)) == len(spec.parameters)


def test_what_a_layer_does_to_the_range() -> None:
    assert LAYERS["Reshape"].keeps_range is True
    assert LAYERS["Dense"].keeps_range is False
    assert LAYERS["BatchNormalization"].keeps_range is False
    assert LAYERS["Lambda"].keeps_range is None
    assert LAYERS["TimeDistributed"].keeps_range is None


@pytest.mark.parametrize(
    ("name", "keras3", "keras2"),
    [
        ("Dense", LogitsRepair.KEPT, LogitsRepair.KEPT),
        ("Activation", LogitsRepair.KEPT, LogitsRepair.KEPT),
        ("Softmax", LogitsRepair.KEPT, LogitsRepair.KEPT),
        ("Identity", LogitsRepair.KEPT, LogitsRepair.LOST),
        ("Dropout", LogitsRepair.LOST, LogitsRepair.LOST),
        ("Reshape", LogitsRepair.LOST, LogitsRepair.LOST),
        ("Flatten", LogitsRepair.LOST, LogitsRepair.LOST),
        ("TimeDistributed", LogitsRepair.LOST, LogitsRepair.LOST),
        ("Lambda", LogitsRepair.UNKNOWN, LogitsRepair.UNKNOWN),
    ],
)
def test_what_a_layer_does_to_the_repair(name: str, keras3: LogitsRepair, keras2: LogitsRepair) -> None:
    assert (LAYERS[name].keeps_repair, LAYERS[name].keeps_repair_keras2) == (keras3, keras2)


def test_old_parameters_belong_to_layers() -> None:
    assert set(OLD_PARAMETERS) <= set(LAYERS)
    assert OLD_PARAMETERS["Dense"]["output_dim"] == "units"
    assert "output_dim" not in OLD_PARAMETERS["Embedding"]
    assert set(LAYERS) >= layers.GONE


def test_losses_have_pairs_of_names() -> None:
    assert {losses.LOSSES[name].class_name for name in losses.CLASSES.values()} == set(losses.CLASSES)
    for table in (losses.FUNCTIONS, losses.MISSPELT, *losses.STRINGS.values()):
        assert set(table.values()) <= set(losses.LOSSES)
    assert not set(losses.MISSPELT) & set(losses.STRINGS[3])


def test_what_losses_take() -> None:
    sparse = losses.LOSSES["sparse_categorical_crossentropy"]
    assert sparse.takes_from_logits
    assert not sparse.takes_label_smoothing
    assert losses.LOSSES["binary_crossentropy"].takes_label_smoothing
    assert not losses.LOSSES["kl_divergence"].takes_from_logits
    for spec in losses.LOSSES.values():
        assert not spec.takes_from_logits or spec.expects in (Range.PROBABILITIES, Range.SIMPLEX)
        assert not spec.repaired or spec.takes_from_logits


@pytest.mark.parametrize("name", losses.RAW)
def test_raw_losses_know_their_arguments(name: str) -> None:
    raw = losses.RAW[name]
    assert raw.parameters[:2] == (raw.target, raw.output)
    assert raw.always_logits != ("from_logits" in raw.parameters)
    assert losses.LOSSES[raw.name].family is raw.family


def test_metrics_have_known_names() -> None:
    for table in (metrics.FUNCTIONS, *metrics.STRINGS.values()):
        assert set(table.values()) <= set(metrics.METRICS)
    assert set(metrics.METRICS) >= metrics.AGGREGATORS
    assert set(metrics.LABELS) == set(Family)


@pytest.mark.parametrize("spec", metrics.METRICS.values(), ids=lambda spec: spec.name)
def test_a_metric_names_its_threshold(spec: metrics.MetricSpec) -> None:
    assert spec.threshold_parameter is None or spec.threshold_parameter in spec.parameters
    if spec.decode is metrics.Decode.THRESHOLD:
        assert spec.default_threshold == 0.5


def test_what_metrics_take() -> None:
    assert metrics.METRICS["AUC"].takes_from_logits
    assert not metrics.METRICS["BinaryAccuracy"].takes_from_logits
    assert metrics.METRICS["SparseCategoricalAccuracy"].labels == {Encoding.INTEGER, Encoding.BINARY}


def test_applications_share_their_arguments() -> None:
    for spec in applications.APPLICATIONS.values():
        assert {"include_top", "weights", "classes", "pooling", "classifier_activation"} <= set(spec.parameters)
        assert spec.scaled == ("alpha" in spec.parameters)


def test_heads_name_their_arguments() -> None:
    for head in applications.HEADS:
        assert head.activation_parameter is None or head.activation_parameter in head.parameters
        for activation in (head.default_activation, head.preset_activation):
            assert activation is None or activation in activations.ACTIVATIONS


@pytest.mark.parametrize("name", [*labels.DATASETS, *labels.TFDS])
def test_labels_of_a_dataset_are_consistent(name: str) -> None:
    spec = labels.DATASETS.get(name) or labels.TFDS[name]
    match spec.encoding:
        case Encoding.INTEGER if spec.classes is not None and spec.low is not None and spec.high is not None:
            assert spec.high - spec.low + 1 == spec.classes
        case Encoding.BINARY:
            assert (spec.classes, spec.low, spec.high) == (2, 0, 1)
        case Encoding.MULTI_HOT:
            assert spec.width == spec.classes
        case Encoding.CONTINUOUS:
            assert spec.classes is None
        case _:
            pass
    if spec.returns in (labels.Returns.BUNCH, labels.Returns.DATASET):
        assert spec.key


def test_tfds_names_may_carry_a_configuration_and_a_version() -> None:
    assert labels.tfds_labels("mnist:3.*.*") is labels.TFDS["mnist"]
    assert labels.tfds_labels("imdb_reviews/subwords8k") is labels.TFDS["imdb_reviews"]
    balanced = labels.tfds_labels("emnist/balanced")
    assert balanced is not None
    assert balanced.classes == 47
    assert labels.tfds_labels("my_own_dataset") is None


@pytest.mark.parametrize("spec", labels.LOADERS.values(), ids=list(labels.LOADERS))
def test_a_loader_knows_its_modes(spec: labels.LoaderSpec) -> None:
    assert {spec.mode_parameter, spec.classes_parameter} <= set(spec.parameters)
    assert spec.labels_parameter is None or spec.labels_parameter in spec.parameters
    assert spec.default_mode in spec.modes
    assert spec.modes[None] is None


@pytest.mark.parametrize("spec", labels.ENCODERS.values(), ids=list(labels.ENCODERS))
def test_an_encoder_names_its_arguments(spec: labels.EncoderSpec) -> None:
    assert {spec.source, spec.size_parameter, spec.drop_parameter} - {None} <= set(spec.parameters)
    assert spec.default_mode is None or spec.default_mode in dict(spec.modes)
    assert not set(labels.ENCODERS) & labels.NOT_ENCODERS


# The tables agree with the Keras that is installed.

LATEST = (3, 15)
"""The Keras 3 whose public names are all in the tables, and no others."""

_MARKS = (pytest.mark.keras, pytest.mark.filterwarnings("ignore"))
PACKAGES = [
    pytest.param(("keras", 3), id="keras", marks=_MARKS),
    pytest.param(("tf_keras", 2), id="tf_keras", marks=_MARKS),
]


class Installed:
    """An installed Keras, and which version of the tables it is to be compared with."""

    def __init__(self, package: ModuleType, version: int) -> None:
        self.package = package
        self.version = version
        self.older = version == 3 and _older(package)

    def section(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.package.__name__}.{name}")

    def public(self, section: str) -> dict[str, Any]:
        module = self.section(section)
        return {
            name: value
            for name, value in vars(module).items()
            if callable(value) and not name.startswith("_") and name not in ("get", "serialize", "deserialize")
        }

    def classes(self, section: str) -> dict[str, Any]:
        return {name: value for name, value in self.public(section).items() if inspect.isclass(value)}

    def functions(self, section: str) -> dict[str, Any]:
        return {name: value for name, value in self.public(section).items() if inspect.isfunction(value)}


def _older(keras: ModuleType) -> bool:
    return tuple(int(part) for part in keras.__version__.split(".")[:2]) < LATEST


@pytest.fixture(scope="module", params=PACKAGES)
def installed(request: pytest.FixtureRequest) -> Installed:
    name, version = request.param
    with _quietly():
        pytest.importorskip("tensorflow", reason="TensorFlow is not installed", exc_type=ImportError)
        package = pytest.importorskip(name, reason=f"{name} is not installed", exc_type=ImportError)
    if int(package.__version__.partition(".")[0]) != version:
        pytest.skip(f"{name} {package.__version__} is not Keras {version}")
    return Installed(package, version)


@contextmanager
def _quietly() -> Iterator[None]:
    """What TensorFlow says while it is imported is none of ours."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setenv("KERAS_BACKEND", "tensorflow")
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        yield


def _positional(function: Callable[..., Any]) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [name for name, parameter in _parameters(function).items() if parameter.kind in kinds]
    return [name for name in names if name != "self"]


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def _default(function: Callable[..., Any], name: str) -> object:
    return _parameters(function)[name].default


def _had(ours: Iterable[str], theirs: Iterable[str], *, older: bool) -> list[str]:
    """The parameters of the tables, as far as an older Keras has them."""
    return [name for name in ours if not older or name in theirs]


def _compare(catalogue: Iterable[str], keras: Iterable[str], *, older: bool) -> None:
    """Fails with the names that only one of the two knows; an older Keras does not know all."""
    ours, theirs = set(catalogue), set(keras)
    fits = theirs <= ours if older else ours == theirs
    assert fits, f"new in Keras: {sorted(theirs - ours)}; not in Keras: {sorted(ours - theirs)}"


def _unlike(expected: Iterable[tuple[str, object, object]]) -> list[str]:
    """One line for each (name, catalogue, Keras) that differs."""
    return [f"{name}: catalogue {ours!r}, Keras {theirs!r}" for name, ours, theirs in expected if ours != theirs]


def test_activation_strings(installed: Installed) -> None:
    get = installed.section("activations").get
    candidates = {*activations.NAMES, *installed.public("activations"), *installed.classes("layers")}
    accepted = {name for name in candidates if _accepts(get, name)}
    _compare(activations.STRINGS[installed.version], accepted, older=installed.older)


def _accepts(get: Callable[[str], object], name: str) -> bool:
    """Whether a string is understood; tf_keras may give an unknown one back as it is."""
    try:
        found = get(name)
    except (TypeError, ValueError):
        return False
    return callable(found) and not inspect.isclass(found)


def test_every_activation_is_known(installed: Installed) -> None:
    known = {name.rpartition(".")[2] for name in activations.FUNCTIONS if name.startswith("keras.activations.")}
    assert not set(installed.functions("activations")) - known


def test_ranges_of_activations(installed: Installed) -> None:
    import numpy as np

    scores = np.random.default_rng(3).normal(0, 4, (64, 6)).astype("float32")
    holds: dict[Range, Callable[[Any], bool]] = {
        Range.SIMPLEX: lambda a: bool((a >= 0).all() and np.allclose(a.sum(axis=-1), 1, atol=1e-5)),
        Range.PROBABILITIES: lambda a: bool((a >= 0).all() and (a <= 1).all() and (a.sum(axis=-1) > 1).any()),
        Range.LOG_PROBABILITIES: lambda a: bool(np.allclose(np.exp(a).sum(axis=-1), 1, atol=1e-5)),
        Range.SIGNED_UNIT: lambda a: bool((abs(a) <= 1).all() and (a < 0).any()),
        Range.NONNEGATIVE: lambda a: bool((a >= 0).all() and (a.max() > 1)),
        Range.LOGITS: lambda a: bool((a < 0).any() and (a > 1).any()),
        Range.UNKNOWN: lambda a: True,
    }
    rows = []
    for name, function in installed.functions("activations").items():
        if name == "threshold":  # takes two more arguments
            continue
        values = np.asarray(function(_tensor(scores)))
        ours = activations.activation_range(name)
        rows.append((name, ours, ours if holds[ours](values) else (values.min(), values.max())))
    assert len(rows) > 13
    assert not _unlike(rows)


def _tensor(values: Any) -> Any:  # noqa: ANN401
    import tensorflow as tf

    return tf.constant(values)


def test_every_loss_is_known(installed: Installed) -> None:
    classes = set(installed.classes("losses")) - set(losses.CLASSES) - {"Reduction"}
    functions = {name for name in installed.functions("losses") if f"keras.losses.{name}" not in losses.FUNCTIONS}
    assert not classes | functions


def test_parameters_of_losses(installed: Installed) -> None:
    rows: list[tuple[str, object, object]] = []
    for name, value in installed.classes("losses").items():
        if name in ("Loss", "Reduction"):
            continue
        spec = losses.LOSSES[losses.CLASSES[name]]
        theirs = _positional(value)
        rows.append((name, _had(spec.parameters, theirs, older=installed.older or installed.version == 2), theirs))
        if spec.takes_from_logits:
            rows.append((name, False, _default(value, "from_logits")))
        if spec.takes_label_smoothing:
            rows.append((name, 0, _default(value, "label_smoothing")))
        if "ignore_class" in theirs:
            rows.append((name, None, _default(value, "ignore_class")))
        if "axis" in theirs and name not in {"Dice", "Tversky"}:
            rows.append((name, -1, _default(value, "axis")))
    for name, value in installed.functions("losses").items():
        spec = losses.LOSSES[losses.FUNCTIONS[f"keras.losses.{name}"]]
        theirs = _positional(value)
        assert theirs[:2] == ["y_true", "y_pred"], name
        if installed.version == 3:
            rows.append((name, _had(spec.function_parameters, theirs, older=installed.older), theirs[2:]))
        else:
            rows.append((name, set(spec.function_parameters), set(theirs[2:])))
    assert not _unlike(rows)


def test_loss_strings(installed: Installed) -> None:
    candidates = {
        *losses.STRINGS[2],
        *losses.STRINGS[3],
        *losses.MISSPELT,
        *losses.LOSSES,
        *losses.CLASSES,
        *installed.public("losses"),
        *installed.public("metrics"),
        *_registered(installed, "losses"),
    }
    get = installed.section("losses").get
    accepted = {name for name in candidates if _accepts(get, name)}
    _compare(losses.STRINGS[installed.version], accepted, older=installed.older)
    for name in accepted:
        found = get(name)
        own = getattr(found, "__name__", type(found).__name__)
        ours = losses.LOSSES[losses.STRINGS[installed.version][name]]
        assert own in (ours.name, ours.class_name), name


def _registered(installed: Installed, section: str) -> set[str]:
    """The strings that Keras 3 keeps in a table."""
    if installed.version == 2:
        return set()
    return set(importlib.import_module(f"keras.src.{section}").ALL_OBJECTS_DICT)


def test_every_metric_is_known(installed: Installed) -> None:
    known = {*metrics.FUNCTIONS, *losses.FUNCTIONS}
    classes = set(installed.classes("metrics")) - set(metrics.METRICS)
    functions = {name for name in installed.functions("metrics") if f"keras.metrics.{name}" not in known}
    assert not classes | functions


def test_parameters_of_metrics(installed: Installed) -> None:
    rows: list[tuple[str, object, object]] = []
    for name, value in installed.classes("metrics").items():
        spec = metrics.METRICS[name]
        theirs = _positional(value)
        if name == "Metric":
            continue
        rows.append((name, _had(spec.parameters, theirs, older=installed.older or installed.version == 2), theirs))
        if spec.takes_from_logits:
            rows.append((name, False, _default(value, "from_logits")))
        if spec.threshold_parameter == "threshold":
            rows.append((name, spec.default_threshold, _default(value, "threshold")))
        if spec.threshold_parameter == "thresholds" and spec.default_threshold is not None:
            rows.append((name, [spec.default_threshold], list(value().thresholds)))
    for name, value in installed.functions("metrics").items():
        if name in metrics.FUNCTION_PARAMETERS:
            theirs = _positional(value)[2:]
            older = installed.older or installed.version == 2
            rows.append((name, _had(metrics.FUNCTION_PARAMETERS[name], theirs, older=older), theirs))
    assert not _unlike(rows)


def test_metric_strings(installed: Installed) -> None:
    candidates = {
        *metrics.STRINGS[2],
        *metrics.STRINGS[3],
        *metrics.METRICS,
        *losses.STRINGS[2],
        *losses.STRINGS[3],
        *installed.public("metrics"),
        *_registered(installed, "metrics"),
    }
    get = installed.section("metrics").get
    accepted = {name for name in candidates if _accepts(get, name)}
    _compare(metrics.STRINGS[installed.version], accepted, older=installed.older)


def test_every_layer_is_known(installed: Installed) -> None:
    public = {name for name in installed.public("layers") if not name.startswith("experimental")}
    assert not public - set(LAYERS)
    if installed.version == 3 and not installed.older:
        unknown_to_both = set(LAYERS) - public - layers.GONE
        assert unknown_to_both <= {
            *("AbstractRNNCell", "DenseFeatures", "LocallyConnected1D", "LocallyConnected2D", "RandomHeight"),
            *("RandomWidth", "SyncBatchNormalization", "ThresholdedReLU"),
        }


def test_parameters_of_layers(installed: Installed) -> None:
    rows: list[tuple[str, object, object]] = []
    for name, value in installed.public("layers").items():
        spec = LAYERS[name]
        old = OLD_PARAMETERS.get(name, {})
        theirs = [old.get(parameter, parameter) for parameter in _positional(value)]
        ours = _had(spec.parameters, theirs, older=installed.older)
        rows.append((name, ours, theirs[: len(ours)]))
        decisive = {spec.size_parameter, spec.activation_parameter} & set(theirs[:4])
        rows.append((name, [], [parameter for parameter in decisive if parameter not in spec.parameters]))
        if spec.activation_parameter is not None and name != "Activation":
            rows.append((name, spec.default_activation, _default(value, spec.activation_parameter)))
        if spec.effect is Effect.MULTIPLY:
            rows.append((name, 1, _default(value, "depth_multiplier")))
        if spec.effect is Effect.CONCAT:
            rows.append((name, -1, _default(value, "axis")))
    rows.append(
        ("Bidirectional", layers.WIDTH_DOUBLING, _default(installed.section("layers").Bidirectional, "merge_mode"))
    )
    assert not _unlike(rows)


SAMPLES: dict[str, object] = {
    "units": 5,
    "filters": 5,
    "kernel_size": 2,
    "pool_size": 2,
    "size": 2,
    "cropping": 1,
    "output_size": 4,
    "rate": 0.1,
    "stddev": 0.1,
    "factor": 0.1,
    "height_factor": 0.1,
    "width_factor": 0.1,
    "scale": 1.0,
    "input_dim": 9,
    "output_dim": 5,
    "n": 3,
    "height": 4,
    "width": 4,
    "target_shape": (-1,),
    "dims": (1,),
    "activation": "linear",
    "value_range": (0, 1),
    "groups": 3,
    "theta": 1.0,
}
"""Arguments for the parameters that layers want."""

TAKE_MORE = frozenset(
    {
        *("Add", "AdditiveAttention", "Attention", "Average", "Bidirectional", "Concatenate", "ConvLSTM3D"),
        *("EinsumDense", "GRUCell", "GroupQueryAttention", "InputLayer", "LSTMCell", "Maximum", "Minimum"),
        *("MultiHeadAttention", "Multiply", "RNN", "RandomPosterization", "SimpleRNNCell", "SpectralNormalization"),
        *("StackedRNNCells", "Subtract", "TimeDistributed"),
    }
)
"""Layers that want several inputs, a layer, six axes, or arguments that depend on each other."""


def test_layers_do_what_the_tables_say(installed: Installed) -> None:
    """One input of distributions of three: what becomes of its last axis, its rank and its values."""
    import numpy as np

    unlike: list[str] = []
    tried = 0
    for name, layer in installed.classes("layers").items():
        spec = LAYERS[name]
        if spec.effect is Effect.UNKNOWN or name in TAKE_MORE:
            continue
        wanted = [p.name for p in _parameters(layer).values() if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
        given = {parameter: SAMPLES[parameter] for parameter in wanted if parameter in SAMPLES}
        given |= {"groups": 3} if name == "GroupNormalization" else {}
        shape, values = _first_result(layer, given, _axes(name))
        last = {Effect.SET: 5, Effect.APPEND: 5}.get(spec.effect, 3)
        rank = {
            layers.RankEffect.SAME: len(shape),
            layers.RankEffect.FLAT: 2,
            layers.RankEffect.GLOBAL_POOL: 2,
            layers.RankEffect.RNN: len(shape) - 1,
            layers.RankEffect.APPEND: len(shape) + 1,
            layers.RankEffect.REPEAT: 3,
            layers.RankEffect.SHAPE: 2,
        }[spec.rank]
        if spec.range_effect is RangeEffect.KEEPS and spec.off_parameter is None:
            held = np.allclose(values.sum(axis=-1), 1, atol=1e-5) or spec.effect is Effect.FLATTEN
        else:
            held = spec.range_effect is not RangeEffect.ELEMENTS or bool((values >= 0).all() and (values <= 1).all())
        if (values.shape[-1], held) != (last, True) or (values.ndim != rank and len(shape) != values.ndim + 1):
            unlike.append(f"{name}: {shape} becomes {values.shape}, values kept: {held}")
        tried += 1
    assert not unlike
    assert tried > 90


def _axes(name: str) -> tuple[int, ...]:
    """How many axes the input may have, the batch axis among them."""
    if name.startswith("ConvLSTM"):
        return (4, 5)
    if name[-2:] in {"1D", "2D", "3D"}:
        return (int(name[-2]) + 2,)
    return (4,) if name.startswith("Random") else (2, 3, 4, 5)


def _first_result(
    layer: Callable[..., Any], given: dict[str, object], ranks: tuple[int, ...]
) -> tuple[tuple[int, ...], Any]:
    """What the layer makes of the first input that has as many axes as it wants."""
    import numpy as np

    for rank in ranks:
        shape = (2, *(6, 6, 6)[: rank - 2], 3)
        x = np.random.default_rng(1).random(shape).astype("float32")
        x /= x.sum(axis=-1, keepdims=True)
        with suppress(Exception):  # of many kinds: this layer wants another number of axes
            y = layer(**given)(_tensor(x))
            return shape, np.asarray(y[0] if isinstance(y, (list, tuple)) else y)
    raise AssertionError(f"{layer} takes no input")


def test_every_application_is_known(installed: Installed) -> None:
    models = {name for name in installed.functions("applications") if name[0].isupper()}
    assert not models - set(applications.APPLICATIONS)


def test_parameters_of_applications(installed: Installed) -> None:
    rows: list[tuple[str, object, object]] = []
    for name, value in installed.functions("applications").items():
        theirs = [parameter for parameter in _positional(value) if parameter not in {"name", "model_name"}]
        ours = list(applications.APPLICATIONS[name].parameters)
        if installed.version == 2:
            ours = [parameter for parameter in ours if parameter in theirs]
        rows += [
            (name, ours, theirs),
            (name, applications.INCLUDE_TOP, _default(value, "include_top")),
            (name, applications.CLASSES, _default(value, "classes")),
            (name, applications.WEIGHTS, _default(value, "weights")),
            (name, applications.POOLING, _default(value, "pooling")),
        ]
        if "classifier_activation" in theirs:
            rows.append((name, applications.CLASSIFIER_ACTIVATION, _default(value, "classifier_activation")))
    assert not _unlike(rows)


@pytest.mark.parametrize("name", ["MobileNetV2", "VGG16", "MobileNetV3Small"])
def test_features_of_applications(installed: Installed, name: str) -> None:
    model = getattr(installed.section("applications"), name)(weights=None, include_top=False, pooling="avg")
    assert model.output_shape == (None, applications.APPLICATIONS[name].features)


def test_every_dataset_is_known(installed: Installed) -> None:
    module = installed.section("datasets")
    names = {name for name, value in vars(module).items() if inspect.ismodule(value) and hasattr(value, "load_data")}
    assert names
    assert not names - {name.split(".")[2] for name in labels.DATASETS if name.startswith("keras.datasets.")}
    rows = []
    for name in names:
        ours = list(labels.DATASETS[f"keras.datasets.{name}.load_data"].parameters)
        rows.append((name, ours, _positional(getattr(module, name).load_data)[: len(ours)]))
    rows.append(("cifar100", "fine", _default(module.cifar100.load_data, "label_mode")))  # type: ignore[arg-type]
    assert labels.DATASETS["keras.datasets.cifar100.load_data"].classes == 100
    assert not _unlike(rows)


def test_loaders_and_encoders_of_keras(installed: Installed) -> None:
    rows: list[tuple[str, object, object]] = []
    for name, spec in labels.LOADERS.items():
        if not name.startswith("keras.utils."):
            continue
        loader = getattr(installed.section("utils"), name.rpartition(".")[2])
        rows += [
            (name, list(spec.parameters), _positional(loader)[: len(spec.parameters)]),
            (name, spec.default_mode, _default(loader, spec.mode_parameter)),
        ]
    function = installed.section("utils").to_categorical
    rows.append(("to_categorical", "num_classes", _positional(function)[1]))
    for name in ("CategoryEncoding", "StringLookup", "IntegerLookup"):
        encoder = labels.ENCODERS[f"keras.layers.{name}"]
        layer = getattr(installed.section("layers"), name)
        rows.append((name, encoder.default_mode, _default(layer, "output_mode")))
        if encoder.first:
            rows.append((name, encoder.first, _default(layer, "num_oov_indices")))
    assert not _unlike(rows)


@pytest.mark.keras
def test_image_data_generator() -> None:
    with _quietly():
        image = pytest.importorskip("keras.src.legacy.preprocessing.image", reason="Keras is not installed")
    rows: list[tuple[str, object, object]] = []
    for method in ("flow_from_directory", "flow_from_dataframe"):
        spec = labels.LOADERS[f"keras.preprocessing.image.ImageDataGenerator.{method}"]
        function = getattr(image.ImageDataGenerator, method)
        rows += [
            (method, list(spec.parameters), _positional(function)[: len(spec.parameters)]),
            (method, spec.default_mode, _default(function, spec.mode_parameter)),
        ]
    ours, _ = labels.PASSED_THROUGH["keras.preprocessing.image.ImageDataGenerator.flow"]
    rows.append(("flow", list(ours), _positional(image.ImageDataGenerator.flow)[: len(ours)]))
    assert not _unlike(rows)


@pytest.mark.keras
def test_tensorflow_functions() -> None:
    with _quietly():
        tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
        rows: list[tuple[str, object, object]] = []
        for name, raw in losses.RAW.items():
            root, _, function = name.rpartition(".")
            if root == "tensorflow.nn" and not function.endswith("_v2"):
                rows.append((name, list(raw.parameters), _positional(getattr(tensorflow.nn, function))))
        for name in activations.FUNCTIONS:
            module, _, function = name.rpartition(".")
            if module == "tensorflow.nn":
                rows.append((name, True, callable(getattr(tensorflow.nn, function, None))))
    assert not _unlike(rows)


@pytest.mark.keras
def test_keras_ops_and_raw_losses() -> None:
    with _quietly():
        pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
        keras = pytest.importorskip("keras", reason="Keras is not installed")
        ops = keras.ops
    rows: list[tuple[str, object, object]] = []
    for name, raw in losses.RAW.items():
        root, _, function = name.rpartition(".")
        if root == "keras.ops":
            rows.append((name, list(raw.parameters), _positional(getattr(ops, function))[: len(raw.parameters)]))
    for name in activations.FUNCTIONS:
        root, _, function = name.rpartition(".")
        if root == "keras.ops":
            rows.append((name, True, hasattr(ops, function) or _older(keras)))
    assert not _unlike(rows)


# The tables agree with the scikit-learn and the pandas that are installed.


def _scikit_learn(name: str) -> Any:  # noqa: ANN401
    module, _, attribute = name.rpartition(".")
    return getattr(pytest.importorskip(module, reason="scikit-learn is not installed"), attribute, None)


@pytest.mark.parametrize("name", [name for name in labels.DATASETS if name.startswith("sklearn.datasets.make_")])
def test_made_data(name: str) -> None:
    spec = labels.DATASETS[name]
    function = _scikit_learn(name)
    _x, y = function(n_samples=60, **({} if "hastie" in name else {"random_state": 0}))
    assert spec.returns is labels.Returns.PAIR
    assert y.ndim == spec.rank
    assert str(y.dtype) == spec.dtype
    if spec.classes is not None and spec.encoding is not Encoding.MULTI_HOT:
        assert {y.min(), y.max()} == {spec.low, spec.high}
        assert len(set(y.tolist())) == spec.classes
    if spec.width is not None:
        assert y.shape[-1] == spec.width
    assert set(spec.parameters) <= set(_parameters(function))
    assert spec.classes_parameter is None or spec.classes_parameter in _parameters(function)


@pytest.mark.parametrize(
    "name", [f"sklearn.datasets.load_{name}" for name in ("iris", "wine", "breast_cancer", "digits", "diabetes")]
)
def test_real_data(name: str) -> None:
    spec = labels.DATASETS[name]
    y = _scikit_learn(name)()[spec.key]
    assert (y.ndim, str(y.dtype), y.min(), y.max()) == (spec.rank, spec.dtype, spec.low, spec.high)
    if spec.classes is not None:
        assert len(set(y.tolist())) == spec.classes


def test_encoders_of_scikit_learn() -> None:
    rows: list[tuple[str, object, object]] = []
    for name, spec in labels.ENCODERS.items():
        if name.startswith("sklearn."):
            theirs = _parameters(_scikit_learn(name))
            rows.append((name, [], [parameter for parameter in spec.parameters if parameter not in theirs]))
    assert not _unlike(rows)


@pytest.mark.parametrize("classes", [2, 3])
def test_label_binarizer(classes: int) -> None:
    """Two classes give a column, more give one column each."""
    spec = labels.ENCODERS["sklearn.preprocessing.LabelBinarizer"]
    binarized = _scikit_learn("sklearn.preprocessing.LabelBinarizer")().fit_transform(list(range(classes)))
    assert spec.two_classes is Encoding.BINARY
    assert binarized.shape == (classes, 1 if classes == 2 else classes)
    assert str(binarized.dtype) == spec.dtype


def test_encoders_of_pandas() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    for function in ("get_dummies", "factorize"):
        spec = labels.ENCODERS[f"pandas.{function}"]
        assert _positional(getattr(pandas, function))[: len(spec.parameters)] == list(spec.parameters)
    dummies = pandas.get_dummies(pandas.Series(["a", "b", "c"])).to_numpy()
    assert (dummies.shape, str(dummies.dtype)) == ((3, 3), labels.ENCODERS["pandas.get_dummies"].dtype)
