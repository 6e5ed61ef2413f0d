"""Labels from values: what encoding they have, and what a single batch can't tell."""

# ruff: noqa: ANN401  (arrays)

from __future__ import annotations

from typing import Any

import pytest

from lossguard.facts import Encoding

np = pytest.importorskip("numpy", reason="NumPy comes with TensorFlow: pip install 'lossguard[test]'")

from lossguard.runtime.batches import sliced, take  # noqa: E402
from lossguard.runtime.labels import labels_of  # noqa: E402
from lossguard.runtime.library import NotProbed  # noqa: E402


@pytest.mark.parametrize(
    ("values", "encoding"),
    [
        ([0, 1, 2, 1], Encoding.INTEGER),
        ([0.0, 3.0, 2.0], Encoding.INTEGER),
        ([0, 1, 1, 0], Encoding.BINARY),
        ([True, False], Encoding.BINARY),
        ([[0], [1]], Encoding.BINARY),
        ([-1, 1, 1], Encoding.SIGNED),
        ([-1, 0, 1], Encoding.INTEGER),
        ([0.5, 12.25], Encoding.CONTINUOUS),
        ([[1, 0, 0], [0, 0, 1]], Encoding.ONE_HOT),
        ([[1, 0, 1], [0, 0, 1]], Encoding.MULTI_HOT),
        ([[1, 0, 0], [0, 0, 0]], Encoding.UNKNOWN),
        ([[0.2, 0.8], [0.5, 0.5]], Encoding.DISTRIBUTION),
        ([[0.2, 0.9], [0.5, 0.5]], Encoding.CONTINUOUS),
        ([0.5, float("nan")], Encoding.UNKNOWN),
        (["cat", "dog"], Encoding.STRING),
    ],
)
def test_encoding(values: list[Any], encoding: Encoding) -> None:
    labels = labels_of(np.array(values), whole=True)
    assert labels is not None
    assert labels.encoding is encoding


def test_a_label_for_each_position_is_no_column() -> None:
    masks = np.array([[0, 1, 0], [0, 1, 0]])
    labels = labels_of(masks, (2, 3, 1), whole=True)
    assert labels is not None
    assert labels.encoding is Encoding.BINARY


@pytest.mark.parametrize(("values", "classes"), [([0, 9], 10), ([1, 2, 3], 3), ([5, 7, 7], 2)])
def test_classes_of_all_labels(values: list[int], classes: int) -> None:
    labels = labels_of(np.array(values), whole=True)
    assert labels is not None
    assert labels.classes.size == classes


def test_a_batch_does_not_tell_how_many_classes_there_are() -> None:
    labels = labels_of(np.array([0, 2, 5]), whole=False)
    assert labels is not None
    assert labels.classes.size is None
    assert labels.classes.at_least(3)
    assert labels.classes.at_least(4) is None
    assert (labels.low, labels.high) == (0, 5)


@pytest.mark.parametrize("nothing", [None, np.array(3), np.array([]), object()])
def test_what_is_no_labels(nothing: object) -> None:
    assert labels_of(nothing, whole=True) is None


def test_objects_that_are_numbers() -> None:
    labels = labels_of(np.array([0, 1, 2], dtype=object), whole=True)
    assert labels is not None
    assert labels.encoding is Encoding.INTEGER


def test_generator_gives_every_batch_once() -> None:
    produced = []

    def batches() -> Any:
        for number in range(3):
            produced.append(number)
            yield np.full((2, 1), number), np.array([number, number])

    batch = take(batches())
    assert produced == [0]
    assert batch.y.tolist() == [0, 0]
    assert "generator" in batch.note
    assert [x[0, 0] for x, _ in batch.data] == [0, 1, 2]
    assert produced == [0, 1, 2]


def test_arrays_are_cut_and_labels_are_kept_whole() -> None:
    batch = take({"a": np.zeros((100, 2)), "b": [np.zeros((100, 3))]}, np.arange(100))
    assert batch.x["a"].shape == (32, 2)
    assert batch.x["b"][0].shape == (32, 3)
    assert batch.whole
    assert batch.labels.shape == (100,)


def test_lists_of_numbers_are_arrays() -> None:
    assert sliced([1, 2, 3]).tolist() == [1, 2, 3]


def test_item_of_a_sequence_of_batches_is_read() -> None:
    class Sequence:
        def __getitem__(self, index: int) -> Any:
            assert index == 0
            return np.zeros((4, 2)), np.random.random(4)

    np.random.seed(3)
    batch = take(Sequence())
    drawn = np.random.random()
    np.random.seed(3)
    assert np.random.random() == drawn
    assert batch.x.shape == (4, 2)
    assert not batch.whole


def test_where_there_is_no_sample() -> None:
    for x in (iter(()), np.zeros((0, 4))):
        with pytest.raises(NotProbed, match=r"taking a batch: there (is none in the tuple_iterator|are no samples)"):
            take(x)


def test_labels_that_are_no_numbers_and_no_strings() -> None:
    assert labels_of(np.array([{}, None], dtype=object), (2, 3), whole=True) is None
    named = labels_of(np.array(["a", "b"], dtype=object), (2, 3), whole=True)
    assert named is not None
    assert named.encoding is Encoding.STRING
