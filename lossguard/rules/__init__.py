"""The list of all rules, and how they judge a fact."""

from __future__ import annotations

from dataclasses import replace

from lossguard.facts import Fact, Target
from lossguard.findings import Finding
from lossguard.rules import (
    accuracy_on_multi_label,
    accuracy_on_regression,
    activation_not_probabilities,
    argmax_one_unit,
    binary_accuracy_on_classes,
    binary_on_exclusive_classes,
    bounded_output_for_continuous,
    categorical_on_independent_outputs,
    categorical_one_unit,
    constant_output,
    cosine_one_unit,
    cross_entropy_on_continuous,
    double_activation_in_call,
    exact_match_accuracy,
    hinge_on_probabilities,
    integer_labels_categorical,
    iou_on_probabilities,
    labels_encoded_twice,
    labels_in_call,
    labels_out_of_range,
    logits_as_probabilities,
    loss_argument,
    loss_not_finite,
    loss_not_instantiated,
    loss_off_reference,
    loss_raises,
    metric_label_encoding,
    metrics_as_loss_weights,
    multi_label_softmax,
    multiclass_labels_binary,
    no_gradient,
    one_hot_labels_one_unit,
    one_hot_labels_sparse,
    output_label_rank,
    poisson_on_signed_output,
    regression_loss_on_classes,
    sigmoid_from_logits,
    signed_labels_binary,
    softmax_from_logits,
    softmax_one_unit,
    sparse_categorical_one_unit,
    swapped_loss_arguments,
    threshold_on_logits,
    threshold_on_predicted_logits,
    units_class_count,
    unknown_loss,
    unparsable,
    unused_suppression,
    zero_threshold_on_probabilities,
)
from lossguard.rules.afterwards import complete
from lossguard.rules.rule import RuleModule

ALL: tuple[RuleModule, ...] = (
    softmax_from_logits,
    sigmoid_from_logits,
    logits_as_probabilities,
    activation_not_probabilities,
    softmax_one_unit,
    categorical_one_unit,
    sparse_categorical_one_unit,
    binary_on_exclusive_classes,
    categorical_on_independent_outputs,
    regression_loss_on_classes,
    cross_entropy_on_continuous,
    hinge_on_probabilities,
    bounded_output_for_continuous,
    poisson_on_signed_output,
    cosine_one_unit,
    integer_labels_categorical,
    one_hot_labels_sparse,
    multiclass_labels_binary,
    one_hot_labels_one_unit,
    multi_label_softmax,
    signed_labels_binary,
    labels_encoded_twice,
    units_class_count,
    labels_out_of_range,
    output_label_rank,
    threshold_on_logits,
    exact_match_accuracy,
    metric_label_encoding,
    binary_accuracy_on_classes,
    accuracy_on_regression,
    accuracy_on_multi_label,
    zero_threshold_on_probabilities,
    iou_on_probabilities,
    swapped_loss_arguments,
    double_activation_in_call,
    labels_in_call,
    loss_not_instantiated,
    unknown_loss,
    loss_argument,
    metrics_as_loss_weights,
    argmax_one_unit,
    threshold_on_predicted_logits,
    loss_raises,
    loss_not_finite,
    no_gradient,
    constant_output,
    loss_off_reference,
    unparsable,
    unused_suppression,
)

BY_CODE: dict[str, RuleModule] = {module.RULE.code: module for module in ALL}
BY_NAME: dict[str, RuleModule] = {module.RULE.name: module for module in ALL}


def find(name_or_code: str) -> RuleModule | None:
    """The rule of this name or code, in any case."""
    return BY_CODE.get(name_or_code.upper()) or BY_NAME.get(name_or_code.lower())


def suggest(name_or_code: str) -> tuple[str, ...]:
    """Names and codes of rules that look like what was asked for, the closest first."""
    from difflib import get_close_matches  # rarely wanted

    by_code = get_close_matches(name_or_code.upper(), BY_CODE, n=3, cutoff=0.75)
    by_name = get_close_matches(name_or_code.lower(), BY_NAME, n=3, cutoff=0.6)
    return tuple(by_name + by_code)


def judge(fact: Fact, target: Target, enabled: frozenset[str] | None = None) -> list[Finding]:
    """What the enabled rules (by code; all that are not opt-in, if None) say of one fact.

    One mistake, one finding: a finding whose cause another one explains better is dropped, and named in it. Every
    way out leaves nothing that any rule could say of the fact then.
    """
    findings = _without_superseded(_found(fact, target, enabled))
    return [complete(found, fact, lambda other: _without_superseded(_found(other, target, None))) for found in findings]


def _found(fact: Fact, target: Target, enabled: frozenset[str] | None) -> list[Finding]:
    return [
        finding
        for module in ALL
        if (module.RULE.code in enabled if enabled is not None else not module.RULE.opt_in)
        for finding in module.check(fact, target)
    ]


def _without_superseded(findings: list[Finding]) -> list[Finding]:
    codes = [finding.code for finding in findings]
    explained_by = {code: [other for other in codes if code in BY_CODE[other].RULE.supersedes] for code in codes}
    kept = [finding for finding in findings if not explained_by[finding.code]]
    return [replace(finding, also=_explained(finding.code, explained_by)) for finding in kept]


def _explained(code: str, explained_by: dict[str, list[str]]) -> tuple[str, ...]:
    """Names of the rules that this one stands for, directly or through another that was dropped."""
    stands_for = {code}
    while more := {other for other, by in explained_by.items() if stands_for.intersection(by)} - stands_for:
        stands_for |= more
    return tuple(BY_CODE[other].RULE.name for other in explained_by if other in stands_for and other != code)
