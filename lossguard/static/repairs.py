"""From repairs to edits: what a rule proposes becomes text, at the places where the facts come from."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import libcst as cst

from lossguard.catalog import losses as catalog
from lossguard.catalog import metrics as metric_catalog
from lossguard.catalog.activations import NAMES as ACTIVATION_NAMES
from lossguard.catalog.labels import LOADERS, LoaderSpec
from lossguard.catalog.layers import LAYERS
from lossguard.facts import (
    Decode,
    Encoding,
    Fact,
    Labels,
    Loss,
    LossArgument,
    LossCall,
    Metric,
    Misuse,
    NotInstantiated,
    Output,
    PositionalMetrics,
    Spelling,
    TrainingSetup,
    UnknownName,
    Width,
)
from lossguard.findings import (
    Confidence,
    Edit,
    EncodeLabels,
    Finding,
    Fix,
    Instantiate,
    NameArgument,
    Rename,
    Repair,
    ReplaceLoss,
    ReplaceMetric,
    ReturnLastStep,
    SetActivation,
    SetFlag,
    SetFromLogits,
    SetMetricFromLogits,
    SetThreshold,
    SetUnits,
    SwapArguments,
    Way,
)
from lossguard.static.layout import Change, Layout, NoFix, last_name
from lossguard.static.spelling import spelled
from lossguard.static.values import Site

if TYPE_CHECKING:
    from lossguard.static.program import Module

_CONSTANTS = frozenset({"None", "True", "False"})
_HOMES = frozenset({"losses", "metrics", "backend"})
_AS_A_NAME = frozenset({Spelling.STRING, Spelling.FUNCTION})
_KEEPING_AXES = frozenset({"Dropout", "BatchNormalization", "LayerNormalization", "Activation", "SpatialDropout1D"})
"""Layers that may stand between a recurrent layer and the head, and take its output of any rank."""

_PASSED_ON = frozenset({"name", "reduction", "dtype", "y_true", "y_pred"})

Changes = list[tuple[Layout, Change]]


class Repairer:
    """Makes the fixes of one program."""

    def __init__(self) -> None:
        self._layouts: dict[Module, Layout] = {}

    def fixes(self, finding: Finding, fact: Fact) -> list[Fix | None]:
        """The edits of each way out of a finding; None for a way whose edits can't be made."""
        return [self._fix(way, finding, fact) for way in finding.ways]

    def _fix(self, way: Way, finding: Finding, fact: Fact) -> Fix | None:
        changes: Changes = []
        try:
            for repair in way.repairs:
                changes += self._changes(repair, fact)
            edits = _edits(changes)
        except NoFix:
            return None
        message = " and ".join(dict.fromkeys(_told(repair) for repair in way.repairs))
        safe = way.safe and finding.confidence is Confidence.CERTAIN
        return Fix(safe, message[0].upper() + message[1:], edits, way.name) if edits else None

    def _changes(self, repair: Repair, fact: Fact) -> Changes:
        match repair, fact:
            case SetFromLogits(value=value), TrainingSetup(loss=Loss() as loss) | LossCall(loss=loss):
                return self._from_logits(loss, value=value)
            case ReplaceLoss(name=name), TrainingSetup(loss=Loss() as loss) | LossCall(loss=loss):
                return self._loss(loss, name)
            case SetActivation(name="linear"), LossCall(prediction=Output() as output, origin=Site() as site):
                return self._before_activation(output, site) or self._activation(output, "linear", site)
            case (
                SetActivation(name=name),
                TrainingSetup(output=Output() as output) | LossCall(prediction=Output() as output),
            ):
                return self._activation(output, name)
            case SetUnits(width=width), TrainingSetup(output=Output() as output, labels=labels):
                return self._units(output, width, labels)
            case EncodeLabels(encoding=encoding), TrainingSetup(labels=Labels() as labels):
                return self._mode(labels, encoding)
            case ReturnLastStep(), TrainingSetup(output=Output() as output):
                return self._last_step(output)
            case SetThreshold(value=value), Decode(kind="argmax", origin=Site() as site):
                return self._decision(site, value)
            case SetThreshold(), Decode(origin=Site() as site):
                return self._comparison(site)
            case SetThreshold(value=threshold, metric=origin), TrainingSetup(metrics=metrics):
                return self._threshold(_metric_at(origin, metrics), threshold)
            case SetMetricFromLogits(metric=origin), TrainingSetup(metrics=metrics):
                return self._metric_from_logits(_metric_at(origin, metrics))
            case ReplaceMetric(name=name, metric=origin), TrainingSetup(metrics=metrics):
                return self._metric(_metric_at(origin, metrics), name)
            case SwapArguments(), LossCall(origin=Site() as site):
                return self._swap(site)
            case Rename(name=name), UnknownName(origin=Site() as site):
                layout, node = self._value(site)
                return [(layout, layout.replaced(node, _requoted(node, name)))]
            case Rename(name=name), LossArgument(origin=Site() as site):
                return self._keyword(site, name)
            case NameArgument(name=name), PositionalMetrics(origin=Site() as site):
                layout, node = self._at(site)
                start, _ = layout.span(node)
                return [(layout, Change(start, start, f"{name}="))]
            case SetFlag(value=value), LossArgument(origin=Site() as site):
                layout, node = self._at(site)
                if isinstance(node, cst.SimpleString):
                    return [(layout, layout.replaced(node, str(value)))]
            case Instantiate(), NotInstantiated(misuse=Misuse.CLASS, origin=Site() as site):
                return self._instantiate(site)
            case Instantiate(), NotInstantiated(misuse=Misuse.CALL, origin=Site() as site):
                return self._instance_of_function(site)
        raise NoFix

    def _at(self, origin: object) -> tuple[Layout, cst.CSTNode]:
        """The module and the expression of an origin."""
        if not isinstance(origin, Site):
            raise NoFix
        layout = self._layouts.get(origin.module)
        if layout is None:
            layout = self._layouts[origin.module] = Layout(origin.module)
        return layout, layout.found(origin.node)

    def _value(self, origin: object) -> tuple[Layout, cst.CSTNode]:
        """The expression of an origin; of a variable that is used there only, what it is assigned."""
        layout, node = self._at(origin)
        if not isinstance(node, cst.Name) or node.value in _CONSTANTS:
            return layout, node
        return layout, node if layout.import_of(node.value) is not None else layout.assigned(node)

    # the loss

    def _from_logits(self, loss: Loss, *, value: bool) -> Changes:
        if loss.from_logits_origin is not None:
            layout, node = self._at(loss.from_logits_origin)
            if not isinstance(node, cst.Name) or node.value not in {"True", "False"}:
                raise NoFix
            return [(layout, layout.replaced(node, str(value)))]
        spec = catalog.LOSSES.get(loss.name)
        if not value or spec is None or spec.class_name is None or not spec.takes_from_logits:
            raise NoFix
        layout, node = self._at(loss.origin)
        argument = "from_logits=True"
        if isinstance(node, cst.Call):
            if not _is_loss(node.func, loss):
                raise NoFix
            return [(layout, layout.with_keyword(node, argument))]
        made = f"{spec.class_name}({argument})"
        if loss.spelling is Spelling.STRING:
            layout, node = self._value(loss.origin)
            if not isinstance(node, cst.SimpleString):
                raise NoFix
            expression, added = spelled(layout, "losses", spec.class_name)
            changes = [layout.replaced(node, f"{expression}({argument})"), *added]
        elif not _is_loss(node, loss):
            raise NoFix
        elif isinstance(node, cst.Attribute):
            changes = [layout.replaced(node.attr, made)]
        elif isinstance(node, cst.Name) and loss.spelling is Spelling.CLASS:
            changes = [layout.replaced(node, made)]
        elif isinstance(node, cst.Name):
            renamed = layout.renamed(node, spec.class_name, _HOMES)
            changes = [layout.replaced(node, made), *renamed[1:]]
        else:
            raise NoFix
        return [(layout, change) for change in changes]

    def _loss(self, loss: Loss, name: str) -> Changes:
        spec = catalog.LOSSES[name]
        if loss.spelling is Spelling.STRING:
            layout, node = self._value(loss.origin)
            return [(layout, layout.replaced(node, _requoted(node, name)))]
        layout, node = self._at(loss.origin)
        function, new = node, name
        if isinstance(node, cst.Call):
            function = node.func
            made = loss.spelling is Spelling.INSTANCE
            _check_arguments(node, spec.parameters if made else spec.function_parameters, positions=0 if made else 2)
        if loss.spelling is not Spelling.FUNCTION:
            new = spec.class_name or ""
        if not new or not _is_loss(function, loss):
            raise NoFix
        return self._name(layout, function, new)

    def _name(self, layout: Layout, function: cst.CSTNode, new: str) -> Changes:
        match function:
            case cst.Attribute(attr=attr):
                return [(layout, layout.replaced(attr, new))]
            case cst.Name():
                return [(layout, change) for change in layout.renamed(function, new, _HOMES)]
        raise NoFix

    # the output layer

    def _before_activation(self, output: Output, site: Site) -> Changes:
        """In a loss call `z` instead of `p`, where `p = softmax(z)`: who else reads `p` gets what it got."""
        layout, call = self._at(site)
        there, activation = self._at(output.activation_origin)
        if there is not layout or not isinstance(activation, cst.Call) or len(activation.args) != 1:
            return []
        inner = activation.args[0].value
        target = layout.target(activation)
        if target is None or not isinstance(inner, (cst.Name, cst.Attribute)) or not isinstance(call, cst.Call):
            return []
        passed = [given.value for given in call.args if layout.code(given.value) == layout.code(target)]
        once = len(layout.assignments(inner)) == len(layout.assignments(target)) == 1
        if not once or len(passed) != 1 or not layout.is_beside(activation, call, inner):
            return []
        return [(layout, layout.replaced(passed[0], layout.code(inner)))]

    def _activation(self, output: Output, name: str, loss: Site | None = None) -> Changes:
        """Another activation in the layer; for a loss call only where nothing but losses and decisions read it."""
        if loss is not None and output.activation_origin is not None:
            layout, node = self._at(output.activation_origin)
            made = node if isinstance(node, cst.Call) else layout.call_of(node)
            returned = isinstance(layout.parent(made), cst.Return)
            if not layout.only_decides(made) or (returned and loss.module is not layout.module):
                raise NoFix
        if output.activation_origin is None:
            layout, call = self._at(output.origin)
            spec = LAYERS.get(last_name(call.func)) if isinstance(call, cst.Call) else None
            if not isinstance(call, cst.Call) or spec is None or spec.activation_parameter != "activation":
                raise NoFix
            by_position = sum(given.keyword is None for given in call.args)
            if name == "linear" or by_position > spec.parameters.index("activation"):
                raise NoFix
            quote = _quote(layout, call)
            return [(layout, layout.with_keyword(call, f"activation={quote}{name}{quote}"))]
        layout, node = self._value(output.activation_origin)
        if isinstance(node, cst.Call):
            return [(layout, self._activation_call(layout, node, name))]
        holder = layout.parent(node)
        around = layout.parent(holder) if isinstance(holder, cst.Arg) else None
        if isinstance(node, cst.SimpleString):
            if name == "linear" and isinstance(holder, cst.Arg) and isinstance(around, cst.Call) and holder.keyword:
                return [(layout, layout.without(around, holder))]
            return [(layout, layout.replaced(node, _requoted(node, name)))]
        is_none = isinstance(node, cst.Name) and node.value == "None"
        if not isinstance(holder, cst.Arg) or not isinstance(around, cst.Call):
            raise NoFix
        if is_none or (isinstance(node, cst.Attribute) and last_name(node) in ACTIVATION_NAMES):
            if name == "linear" and holder.keyword is not None:
                return [(layout, layout.without(around, holder))]
            quote = _quote(layout, around)
            return [(layout, layout.replaced(node, f"{quote}{name}{quote}"))]
        raise NoFix

    def _activation_call(self, layout: Layout, call: cst.Call, name: str) -> Change:
        """Another activation as a layer, or as a function of a tensor."""
        kind = last_name(call.func)
        if kind == "Activation":
            for number, given in enumerate(call.args):
                if given.keyword.value == "activation" if given.keyword is not None else number == 0:
                    return layout.replaced(given.value, _requoted(given.value, name))
        applied = layout.parent(call)
        if kind == "Softmax" and name == "linear" and isinstance(applied, cst.Call) and applied.func is call:
            if call.args or len(applied.args) != 1 or applied.args[0].star:
                raise NoFix
            return layout.replaced(applied, layout.code(applied.args[0].value))
        if kind in {"softmax", "sigmoid", "relu", "tanh"} and len(call.args) == 1 and not call.args[0].star:
            inner = call.args[0].value
            around = layout.parent(call)
            targets = [layout.code(one.target) for one in around.targets] if isinstance(around, cst.Assign) else []
            if name == "linear" and _has_other_readers(layout, call):
                raise NoFix
            if name == "linear" and layout.code(inner) in targets:
                raise NoFix  # `x = x` is nothing to leave in a program
            if name == "linear":
                code = layout.code(inner)
                simple = isinstance(inner, (cst.Name, cst.Call, cst.Subscript, cst.Attribute))
                bare = simple or (isinstance(around, cst.Assign) and "\n" not in code)
                return layout.replaced(call, code if bare else f"({code})")
            if name in {"softmax", "sigmoid", "tanh"} and isinstance(call.func, cst.Attribute):
                return layout.replaced(call.func.attr, name)
        raise NoFix

    def _units(self, output: Output, width: Width, labels: Labels | None) -> Changes:
        """The number of units: by the labels' own expression where it is one in this file, else as a number."""
        layout, call = self._at(output.origin)
        together = labels is not None and isinstance(labels.origin, Site) and labels.origin.module is layout.module
        if not isinstance(call, cst.Call) or last_name(call.func) != "Dense":
            raise NoFix
        for number, given in enumerate(call.args):
            if given.keyword.value in {"units", "output_dim"} if given.keyword is not None else number == 0:
                named = together and layout.in_scope(width.text, call)
                wanted = width.text if named else str(width.size)
                if not named and width.size is None:
                    raise NoFix
                value: cst.CSTNode = given.value
                if isinstance(value, cst.Name) and not named:
                    value = layout.assigned(value)
                if isinstance(value, cst.Integer) or named:
                    return [(layout, layout.replaced(value, wanted))]
        raise NoFix

    def _last_step(self, output: Output) -> Changes:
        """The recurrent layer right before the head, or before layers that keep the axes, without its sequences."""
        layout, head = self._at(output.origin)
        for layer in layout.before(head):
            inner = layer
            if last_name(layer.func) == "Bidirectional" and layer.args and isinstance(layer.args[0].value, cst.Call):
                inner = layer.args[0].value
            for given in inner.args:
                if given.keyword is not None and given.keyword.value == "return_sequences":
                    if not isinstance(given.value, cst.Name) or given.value.value != "True":
                        raise NoFix
                    return [(layout, layout.without(inner, given))]
            if last_name(layer.func) not in _KEEPING_AXES:
                break
        raise NoFix

    # the labels

    def _mode(self, labels: Labels, encoding: Encoding) -> Changes:
        """Another mode for all loaders of the file that load labels of the old one."""
        layout, node = self._at(labels.origin)
        holder = node if isinstance(node, cst.Call) else layout.call_of(node)
        name = last_name(holder.func)
        spec = next((spec for known, spec in LOADERS.items() if known.rpartition(".")[2] == name), None)
        if spec is None:
            raise NoFix
        wanted = [mode for mode, made in spec.modes.items() if made is not None and made.encoding is encoding]
        old = _mode_of(holder, spec)
        changes = []
        for call in layout.calls(name):
            given = _given(call, spec.mode_parameter)
            if given is None and spec.default_mode == old:
                quote = _quote(layout, call)
                changes.append(layout.with_keyword(call, f"{spec.mode_parameter}={quote}{wanted[0]}{quote}"))
            elif given is not None and _mode_of(call, spec) == old:
                changes.append(layout.replaced(given.value, _requoted(given.value, str(wanted[0]))))
        return [(layout, change) for change in changes]

    # metrics, comparisons, calls

    def _threshold(self, metric: Metric, value: float) -> Changes:
        parameter = metric_catalog.METRICS[
            metric.name if metric.name in metric_catalog.METRICS else "BinaryAccuracy"
        ].threshold_parameter
        if parameter is None:
            raise NoFix
        layout, node = self._value(metric.origin)
        if isinstance(node, cst.SimpleString) and metric.name in {"accuracy", "BinaryAccuracy"}:
            expression, added = spelled(layout, "metrics", "BinaryAccuracy")
            made = layout.replaced(node, f"{expression}(name={node.value}, threshold={_written(value)})")
            return [(layout, change) for change in (made, *added)]
        layout, node = self._at(metric.origin)
        if not isinstance(node, cst.Call) or last_name(node.func) != metric.name:
            raise NoFix
        for given in node.args:
            if given.keyword is not None and given.keyword.value == parameter:
                if not isinstance(given.value, (cst.Float, cst.Integer)):
                    raise NoFix
                return [(layout, layout.replaced(given.value, _written(value)))]
        if any(given.keyword is None for given in node.args):
            raise NoFix
        return [(layout, layout.with_keyword(node, f"{parameter}={_written(value)}"))]

    def _metric_from_logits(self, metric: Metric) -> Changes:
        layout, node = self._at(metric.origin)
        if not isinstance(node, cst.Call) or last_name(node.func) != metric.name:
            raise NoFix
        given = _given(node, "from_logits")
        if given is None:
            return [(layout, layout.with_keyword(node, "from_logits=True"))]
        return [(layout, layout.replaced(given.value, "True"))]

    def _metric(self, metric: Metric, name: str) -> Changes:
        """A string, or a class with the same arguments, where nothing else in the file names the metric."""
        layout, node = self._at(metric.origin)
        if name in metric_catalog.METRICS:
            return self._other_metric(layout, node, metric, name)
        known = _in_history(metric.name)
        if known != name and layout.text.count(known) > (metric.spelling is not Spelling.INSTANCE):
            raise NoFix
        if isinstance(node, cst.SimpleString):
            return [(layout, layout.replaced(node, _requoted(node, name)))]
        if isinstance(node, cst.Call):
            named = _only_name(node)
            if last_name(node.func) != metric.name or (node.args and named is None):
                raise NoFix
            function: cst.CSTNode = node.func
            name = named or name
        else:
            function = node
        quote = _quote(layout, node)
        changes = [layout.replaced(node, f"{quote}{name}{quote}")]
        if isinstance(function, cst.Name):
            old = layout.import_of(function.value)
            if old is None:
                raise NoFix
            if len(layout.names[function.value]) == 2:  # noqa: PLR2004  the import and this use
                changes += layout.pruned(old)
        elif not isinstance(function, cst.Attribute):
            raise NoFix
        return [(layout, change) for change in changes]

    def _other_metric(self, layout: Layout, node: cst.CSTNode, metric: Metric, name: str) -> Changes:
        function = node.func if isinstance(node, cst.Call) else node
        named = isinstance(node, cst.Call) and _given(node, "name") is not None
        known = _in_history(metric.name)
        if not named and len(re.findall(rf"(?<!sparse_){known}", layout.text)) > (metric.spelling in _AS_A_NAME):
            raise NoFix
        if isinstance(node, cst.SimpleString):
            return [(layout, layout.replaced(node, _requoted(node, _in_history(name))))]
        if isinstance(node, cst.Call):
            _check_arguments(node, metric_catalog.METRICS[name].parameters, positions=1)
        if last_name(function) == metric.name:
            return self._name(layout, function, name)
        if last_name(function) == known:
            return self._name(layout, function, _in_history(name))
        raise NoFix

    def _keyword(self, site: Site, name: str) -> Changes:
        layout, value = self._at(site)
        holder = layout.parent(value)
        if not isinstance(holder, cst.Arg) or holder.keyword is None:
            raise NoFix
        if _given(layout.call_of(holder), name) is not None:
            raise NoFix
        return [(layout, layout.replaced(holder.keyword, name))]

    def _instance_of_function(self, site: Site) -> Changes:
        """The class of a loss function that is called with arguments of the class."""
        layout, node = self._at(site)
        if not isinstance(node, cst.Call):
            raise NoFix
        loss = catalog.FUNCTIONS.get(f"keras.losses.{last_name(node.func)}")
        spec = catalog.LOSSES.get(loss) if loss is not None else None
        if spec is None or spec.class_name is None:
            raise NoFix
        _check_arguments(node, spec.parameters, positions=0)
        return self._name(layout, node.func, spec.class_name)

    def _decision(self, site: Site, value: float) -> Changes:
        """`(predictions[:, 0] > 0.5).astype(int)` for `np.argmax(predictions, axis=-1)`."""
        layout, node = self._at(site)
        if (
            not isinstance(node, cst.Call)
            or last_name(node.func) != "argmax"
            or not isinstance(node.func, cst.Attribute)
        ):
            raise NoFix
        axis = _given(node, "axis")
        numpy = isinstance(node.func.value, cst.Name) and node.func.value.value in {"np", "numpy"}
        plain = [given for given in node.args if given.keyword is None and not given.star]
        if axis is None and len(plain) == 1 + numpy:
            axis = plain[numpy]
        if axis is None or layout.code(axis.value) not in {"1", "-1"} or len(node.args) != 1 + numpy:
            raise NoFix
        predictions = plain[0].value if numpy else node.func.value
        if not isinstance(predictions, (cst.Name, cst.Call, cst.Attribute)):
            raise NoFix
        return [(layout, layout.replaced(node, f"({layout.code(predictions)}[:, 0] > {value:g}).astype(int)"))]

    def _instantiate(self, site: Site) -> Changes:
        layout, node = self._at(site)
        if not isinstance(node, (cst.Name, cst.Attribute)) or last_name(node) not in catalog.CLASSES:
            raise NoFix
        end = layout.span(node)[1]
        return [(layout, Change(end, end, "()"))]

    def _comparison(self, site: Site) -> Changes:
        layout, node = self._at(site)
        if isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
            for side in (node.left, node.comparisons[0].comparator):
                if isinstance(side, cst.Float):
                    return [(layout, layout.replaced(side, "0.0"))]
        raise NoFix

    def _swap(self, site: Site) -> Changes:
        layout, call = self._at(site)
        if not isinstance(call, cst.Call) or any(given.star for given in call.args):
            raise NoFix
        names = {given.keyword.value: given.value for given in call.args if given.keyword is not None}
        plain = [given.value for given in call.args if given.keyword is None]
        if {"y_true", "y_pred"} <= set(names):
            pair = [names["y_true"], names["y_pred"]]
        elif len(plain) >= 2:  # noqa: PLR2004
            pair = [*plain[:2]]
        else:
            raise NoFix
        return [(layout, change) for change in layout.swapped(*pair)]


def _edits(changes: Changes) -> tuple[Edit, ...]:
    """The changes as edits of files, where no two of them meet."""
    ordered = sorted(
        dict.fromkeys(changes), key=lambda one: (one[0].module.serial, one[1].start, one[1].end, one[1].content)
    )
    for (layout, change), (other, following) in pairwise(ordered):
        if layout is other and (
            following.start < change.end or (change.start, change.end) == (following.start, following.end)
        ):
            raise NoFix
    return tuple(layout.edit(change) for layout, change in ordered)


def _metric_at(origin: object, metrics: tuple[Metric, ...]) -> Metric:
    """The metric of this origin."""
    for metric in metrics:
        if metric.origin == origin:
            return metric
    raise NoFix


def _given(call: cst.Call, name: str) -> cst.Arg | None:
    """The argument that is passed by this keyword."""
    return next((given for given in call.args if given.keyword is not None and given.keyword.value == name), None)


def _mode_of(call: cst.Call, spec: LoaderSpec) -> object:
    """The mode that a loader is given by keyword, or has without one."""
    by_position = sum(given.keyword is None for given in call.args)
    if any(given.star for given in call.args) or by_position > spec.parameters.index(spec.mode_parameter):
        raise NoFix
    given = _given(call, spec.mode_parameter)
    if given is None:
        return spec.default_mode
    return given.value.evaluated_value if isinstance(given.value, cst.SimpleString) else None


def _has_other_readers(layout: Layout, call: cst.Call) -> bool:
    """Whether more than the loss sees this tensor: an attribute that is read again, a function that is called again."""
    node: cst.CSTNode | None = layout.parent(call)
    while node is not None:
        if isinstance(node, cst.Assign):
            for one in node.targets:
                if isinstance(one.target, cst.Attribute):
                    name = re.escape(one.target.attr.value)
                    if len(re.findall(rf"\.{name}\b", layout.text)) > 2:  # noqa: PLR2004  here, and in the loss
                        return True
        if isinstance(node, cst.FunctionDef):
            name = re.escape(node.name.value)
            return len(re.findall(rf"\b{name}\(", layout.text)) > 2  # noqa: PLR2004  its definition, and one call
        node = layout.parent(node)
    return False


def _only_name(call: cst.Call) -> str | None:
    """The name that a metric is given and nothing else, where it is a string that means the same."""
    if len(call.args) == 1 and (call.args[0].keyword is None or call.args[0].keyword.value == "name"):
        value = call.args[0].value
        if isinstance(value, cst.SimpleString) and value.evaluated_value in {"accuracy", "acc"}:
            return str(value.evaluated_value)
    return None


def _in_history(metric: str) -> str:
    """The name under which Keras reports a metric of this class."""
    return re.sub("(?<!^)(?=[A-Z])", "_", metric).lower()


def _is_loss(function: cst.CSTNode, loss: Loss) -> bool:
    """Whether an expression is the loss by a name of its own, not by a variable."""
    name = last_name(function)
    if catalog.CLASSES.get(name) == loss.name or name == loss.name:
        return True
    return catalog.FUNCTIONS.get(f"keras.losses.{name}") == loss.name


def _check_arguments(call: cst.Call, taken: tuple[str, ...], positions: int) -> None:
    """That another loss takes these arguments, too."""
    for number, given in enumerate(call.args):
        if given.star or (given.keyword is None and number >= positions):
            raise NoFix
        if given.keyword is not None and given.keyword.value not in {*taken, *_PASSED_ON}:
            raise NoFix


def _requoted(node: cst.CSTNode, text: str) -> str:
    """Another string in the same quotes."""
    if not isinstance(node, cst.SimpleString) or not isinstance(node.evaluated_value, str):
        raise NoFix
    return f"{node.prefix}{node.quote}{text}{node.quote}"


def _quote(layout: Layout, near: cst.CSTNode) -> str:
    """The quotes that the file uses most, those of the same statement first."""
    node: cst.CSTNode | None = near
    while node is not None and not isinstance(node, cst.SimpleStatementLine):
        node = layout.parent(node)
    for text in (layout.code(node) if node is not None else "", layout.text):
        single, double = text.count("'"), text.count('"')
        if single != double:
            return "'" if single > double else '"'
    return '"'


def _written(number: float) -> str:
    """A number as people write it: 0.5, 1e-7."""
    return str(number).replace("e-0", "e-")


def _told(repair: Repair) -> str:
    """A repair as the first words of a sentence."""
    match repair:
        case SetFromLogits(value=value):
            return f"say `from_logits={value}`"
        case SetActivation(name="linear"):
            return "leave the activation away"
        case SetActivation(name=name) | ReplaceLoss(name=name) | ReplaceMetric(name=name):
            return f"use `{name}`"
        case SetUnits(width=width):
            return f"set the units to {width.text or width}"
        case SetThreshold(value=value):
            return f"set the threshold to {_written(value)}"
        case SwapArguments():
            return "swap the arguments"
        case NameArgument(name=name):
            return f"write `{name}=`"
        case Rename(name=name):
            return f"write `{name}`"
        case Instantiate():
            return "make an instance"
        case SetMetricFromLogits():
            return "tell the metric `from_logits=True`"
        case SetFlag(value=value):
            return f"say {value}"
        case EncodeLabels(encoding=encoding):
            return "load one-hot labels" if encoding is Encoding.ONE_HOT else "load class ids"
        case ReturnLastStep():
            return "let the recurrent layer return its last step only"
