"""Models that scikit-learn fits: the labels that reach them, and the arguments that they are made with."""

from __future__ import annotations

import pytest

from lossguard.check import check_source

HEAD = """
from keras.layers import Dense, Input
from keras.models import Sequential
from keras.utils import to_categorical
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from scikeras.wrappers import KerasClassifier, KerasRegressor

x, y = load_iris(return_X_y=True)

def build(units=3, activation='softmax', loss='{loss}'):
    model = Sequential([Input((4,)), Dense(units, activation=activation)])
    model.compile('adam', loss, metrics=['accuracy'])
    return model

"""

FITTED = [
    "KerasClassifier(build_fn=build).fit(x, {y})",
    "KerasClassifier(model=build, epochs=2).fit(x, {y})",
    "KerasClassifier(build).fit(x, y={y})",
    "cross_val_score(KerasClassifier(build), x, {y}, cv=3)",
    "GridSearchCV(estimator=KerasClassifier(build), param_grid={{'batch_size': [1, 2]}}).fit(x, {y})",
    "RandomizedSearchCV(KerasClassifier(build), dict(epochs=[1, 2]), cv=2).fit(x, {y})",
    "Pipeline([('scale', StandardScaler()), ('net', KerasClassifier(build))]).fit(x, {y})",
    "make_pipeline(StandardScaler(), KerasClassifier(build)).fit(x, {y})",
]


def codes(program: str, loss: str) -> list[str]:
    return [found.code for found in check_source(HEAD.format(loss=loss) + program, "program.py").diagnostics]


@pytest.mark.parametrize("fitted", FITTED)
def test_labels_reach_the_model(fitted: str) -> None:
    assert codes(fitted.format(y="to_categorical(y)"), "sparse_categorical_crossentropy") == ["LG202"]
    assert codes(fitted.format(y="y"), "sparse_categorical_crossentropy") == []


def test_either_encoding_is_right_for_categorical_cross_entropy() -> None:
    """One wrapper makes columns of class ids, the other leaves it to the program."""
    for y in ("y", "to_categorical(y)"):
        assert codes(f"KerasClassifier(build).fit(x, {y})", "categorical_crossentropy") == []
    assert codes("KerasClassifier(build).fit(x, to_categorical(y, 4))", "categorical_crossentropy") == ["LG301"]


def test_class_ids_start_at_0_whatever_the_labels_are() -> None:
    assert codes("KerasClassifier(build).fit(x, y + 1)", "sparse_categorical_crossentropy") == []
    assert codes("KerasRegressor(build).fit(x, y + 1)", "sparse_categorical_crossentropy") == ["LG302"]


def test_arguments_of_the_estimator_are_those_of_the_model() -> None:
    units = "KerasClassifier(build, model__units=1, activation='sigmoid').fit(x, {y})"
    assert codes(units.format(y="load_breast_cancer(return_X_y=True)[1]"), "binary_crossentropy") == []
    assert codes(units.format(y="y"), "binary_crossentropy") == ["LG203"]


def test_what_a_search_varies_is_unknown() -> None:
    search = "GridSearchCV(KerasClassifier(build), {}).fit(x, to_categorical(y))"
    assert codes(search.format("{'units': [3, 4]}"), "sparse_categorical_crossentropy") == ["LG202"]
    assert codes(search.format("{'model__loss': ['categorical_crossentropy']}"), "mse") == []


def test_targets_of_a_regressor_stay_as_they_are() -> None:
    regressor = "KerasRegressor(build, units=1, activation=None).fit(x, x[:, 0] * 2.5)\n"
    assert codes(regressor, "mse") == []
    assert codes(
        "from sklearn.datasets import load_diabetes\nx, y = load_diabetes(return_X_y=True)\n"
        + regressor.replace("x[:, 0] * 2.5", "y"),
        "mse",
    ) == ["LG405"]


def test_other_estimators_are_left_alone() -> None:
    other = "from sklearn.svm import SVC\nGridSearchCV(SVC(), {'C': [1, 2]}).fit(x, y)\nmake_pipeline(SVC()).fit(x, y)"
    assert codes(other, "categorical_crossentropy") == []
