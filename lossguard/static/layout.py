"""The text of a module as its tree sees it: where nodes stand, what holds them, which names are imported."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import libcst as cst

from lossguard.findings import Edit
from lossguard.frozen import dataclass
from lossguard.static import lossless, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lossguard.static.program import Module


class NoFix(Exception):  # noqa: N818  the way out of an edit that can't be made
    """The code is not written in a way that can be edited for certain."""


@dataclass(frozen=True, slots=True)
class Change:
    """Replace the characters from `start` to `end` of a module's text by `content`."""

    start: int
    end: int
    content: str


@dataclass(frozen=True, slots=True)
class Imported:
    """One name of a `from` import: the statement, the alias, the module it comes from, the name it is bound to."""

    statement: cst.ImportFrom
    alias: cst.ImportAlias
    source: str
    bound: str


class Layout:
    """One module's text, nodes and imports; made once, for all fixes in it.

    Raises:
        NoFix: LibCST can't parse the module.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.text = module.source.text
        tree = lossless.parse(self.text)
        if tree is None:
            raise NoFix
        self.tree = tree
        self._starts = syntax.line_starts(self.text)
        self._parents: dict[int, cst.CSTNode] = {}
        self.names: dict[str, list[cst.Name]] = defaultdict(list)
        self.imports: list[cst.Import] = []
        self.imported: list[Imported] = []
        self._calls: list[cst.Call] = []
        self._attributes: list[cst.Attribute] = []
        nodes = list(lossless.walk(tree))
        for node in nodes:
            for child in lossless.children(node):
                self._parents[id(child)] = node
        self._spans = lossless.spans(self.tree, nodes)
        self._found = {
            self._spans[id(node)]: node
            for node in reversed(nodes)
            if isinstance(node, (cst.BaseExpression, cst.FunctionDef, cst.ClassDef)) and id(node) in self._spans
        }
        for node in nodes:
            match node:
                case cst.Name() if not self._is_label(node):
                    self.names[node.value].append(node)
                case cst.Call():
                    self._calls.append(node)
                case cst.Attribute():
                    self._attributes.append(node)
                case cst.Import():
                    self.imports.append(node)
                case cst.ImportFrom():
                    self.imported += _aliases(node)

    def _is_label(self, node: cst.Name) -> bool:
        """Whether a name is no variable: a keyword or an attribute."""
        parent = self.parent(node)
        return (isinstance(parent, cst.Arg) and parent.keyword is node) or (
            isinstance(parent, cst.Attribute) and parent.attr is node
        )

    def found(self, node: ast.AST) -> cst.CSTNode:
        """The node of an expression, a function or a class that was found in the tree of Python's own parser."""
        start, end = syntax.span(self.module.tree, node)
        found = self._found.get((start, end))
        if found is None and isinstance(node, (ast.Tuple, ast.GeneratorExp)):
            within = self.text[start + 1 : end - 1]  # the parentheses belong to the node for one parser only
            found = self._found.get((end - 1 - len(within.lstrip()), start + 1 + len(within.rstrip())))
        if found is None:
            raise NoFix
        return found

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._parents.get(id(node))

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where a node begins and ends, in characters."""
        found = self._spans.get(id(node))
        if found is None:
            raise NoFix
        return found

    def code(self, node: cst.CSTNode) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def is_at_top(self, statement: cst.BaseSmallStatement) -> bool:
        """Whether a statement stands alone in its line, outside of all blocks."""
        line = self.parent(statement)
        return isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 and self.parent(line) is self.tree

    def edit(self, change: Change) -> Edit:
        """The change with its place in the file, where that place has the text that the tree was made from."""
        source = self.module.source
        start, end = (syntax.position(self._starts, offset) for offset in (change.start, change.end))
        place = source.place(start, end)
        row = self.text[self._starts[start.row - 1] : change.start]
        written = source.lines(place)
        if source.stretch(place) != " ".join(self.text[change.start : change.end].split()):
            raise NoFix
        if len(written) < place.start.row or not written[place.start.row - 1][: place.start.column - 1].endswith(row):
            raise NoFix
        return Edit(place, change.content)

    # changes

    def replaced(self, node: cst.CSTNode, content: str) -> Change:
        return Change(*self.span(node), content)

    def with_keyword(self, call: cst.Call, argument: str) -> Change:
        """One more argument at the end of a call."""
        if any(given.star for given in call.args):
            raise NoFix
        if not call.args:
            end = self.span(call)[1] - 1
            return Change(end, end, argument)
        last, end = self.span(call.args[-1])
        before = self.span(call.args[-2])[1] if len(call.args) > 1 else self.text.rindex("(", 0, last) + 1
        gap = self.text[before:last].lstrip(",")
        return Change(end, end, f",{gap if gap.isspace() else ' '}{argument}")

    def without(self, call: cst.Call, argument: cst.Arg) -> Change:
        """One argument less, with its comma."""
        number = next(number for number, given in enumerate(call.args) if given is argument)
        start, end = self.span(argument)
        if number:
            start = self.span(call.args[number - 1])[1]
        elif len(call.args) > 1:
            end = self.span(call.args[1])[0]
        if self.text[start:end].count("#"):
            raise NoFix
        if len(call.args) == 1:
            close = self.span(call)[1] - 1
            if self.text[end:close].strip(", \t"):
                raise NoFix
            end = close
        return Change(start, end, "")

    def swapped(self, first: cst.CSTNode, second: cst.CSTNode) -> list[Change]:
        return [self.replaced(first, self.code(second)), self.replaced(second, self.code(first))]

    # around a node

    def call_of(self, node: cst.CSTNode) -> cst.Call:
        """The call in whose arguments a node stands."""
        found: cst.CSTNode | None = node
        while found is not None:
            parent = self.parent(found)
            if isinstance(found, cst.Arg) and isinstance(parent, cst.Call):
                return parent
            found = parent
        raise NoFix

    def calls(self, name: str) -> list[cst.Call]:
        """All calls of functions and methods whose last name this is."""
        return [call for call in self._calls if last_name(call.func) == name]

    def before(self, layer: cst.CSTNode) -> Iterator[cst.Call]:
        """The layers before this one in a list, or in the statements `model.add(layer)`, from the nearest on."""
        holder = self.parent(layer)
        around = self.parent(holder) if holder is not None else None
        if isinstance(holder, cst.Element) and isinstance(around, (cst.List, cst.Tuple)):
            values = [element.value for element in around.elements]
            for value in reversed(values[: next(n for n, value in enumerate(values) if value is layer)]):
                if not isinstance(value, cst.Call):
                    return
                yield value
        elif isinstance(holder, cst.Arg) and isinstance(around, cst.Call):
            line = self.parent(around)
            while line is not None and not isinstance(line, cst.SimpleStatementLine):
                line = self.parent(line)
            block = self.parent(line) if line is not None else None
            statements = list(getattr(block, "body", ()))
            for other in reversed(statements[: statements.index(line)] if line in statements else ()):
                match other:
                    case cst.SimpleStatementLine(
                        body=[cst.Expr(value=cst.Call(func=function, args=[cst.Arg(value=cst.Call() as value)]))]
                    ) if self.code(function) == self.code(around.func):
                        yield value
                    case _:
                        return

    # who reads what

    def target(self, value: cst.CSTNode) -> cst.BaseExpression | None:
        """The only name or attribute that a value is assigned to."""
        assignment = self.parent(value)
        if isinstance(assignment, cst.Assign) and len(assignment.targets) == 1:
            target = assignment.targets[0].target
            return target if isinstance(target, (cst.Name, cst.Attribute)) else None
        return None

    def occurrences(self, expression: cst.BaseExpression) -> list[cst.CSTNode]:
        """All nodes that are written like this name or attribute."""
        if isinstance(expression, cst.Name):
            return list(self.names[expression.value])
        code = self.code(expression)
        return [node for node in self._attributes if self.code(node) == code]

    def assignments(self, expression: cst.BaseExpression) -> list[cst.CSTNode]:
        """Where such a name or attribute is assigned."""
        return [
            node
            for node in self.occurrences(expression)
            if isinstance(self.parent(node), cst.AssignTarget) or (isinstance(node, cst.Name) and self._binds(node))
        ]

    def is_beside(self, first: cst.CSTNode, second: cst.CSTNode, read: cst.BaseExpression) -> bool:
        """Whether what is read in one place is the same in the other: an attribute, or a name of the same function."""
        return isinstance(read, cst.Attribute) or self._function(first) is self._function(second)

    def only_decides(self, made: cst.CSTNode) -> bool:
        """Whether nothing in the file reads this value but losses, decisions such as `argmax`, and `return`."""
        target = self.target(made)
        readers = self.occurrences(target) if target is not None else []
        return all(reader is target or self._decides(reader) for reader in readers)

    def _decides(self, reader: cst.CSTNode) -> bool:
        parent = self.parent(reader)
        match parent:
            case cst.AssignTarget() | cst.Return():
                return True
            case cst.Attribute(attr=attr):
                return attr.value in {"shape", "get_shape", "dtype", "name"}
            case cst.Element():
                return isinstance(self.parent(self.parent(parent) or parent), cst.Return)
            case cst.Arg():
                call = self.parent(parent)
                name = last_name(call.func) if isinstance(call, cst.Call) else ""
                return name in {"argmax", "arg_max", "in_top_k", "print"} or bool(_CROSS_ENTROPY.search(name))
        return False

    # names

    def in_scope(self, text: str, at: cst.CSTNode) -> bool:
        """Whether an expression of names, `len` and numbers means the same at this node as where it is written."""
        try:
            expression = cst.parse_expression(text) if text else None
        except cst.ParserSyntaxError:
            return False
        nodes = list(lossless.walk(expression)) if expression is not None else []
        names = {node.value for node in nodes if isinstance(node, cst.Name)} - {"len"}
        called = [last_name(node.func) for node in nodes if isinstance(node, cst.Call)]
        if not names or called not in ([], ["len"]) or not all(isinstance(node, _COUNTING) for node in nodes):
            return False
        return all(self._is_bound_before(name, at) for name in names)

    def _is_bound_before(self, name: str, at: cst.CSTNode) -> bool:
        """Whether a name is bound once in the file: before this node, in a block of functions around it."""
        bound = [node for node in self.names[name] if self._binds(node)]
        if len(bound) != 1:
            return False
        scope = self._function(bound[0])
        inside: cst.CSTNode | None = at
        while scope is not None and inside is not None and inside is not scope:
            inside = self.parent(inside)
        return inside is not None and self.span(bound[0])[0] < self.span(at)[0]

    def _binds(self, name: cst.Name) -> bool:
        """Whether a name is not merely read."""
        node: cst.CSTNode = name
        parent = self.parent(node)
        while isinstance(parent, (cst.Element, cst.StarredElement, cst.Tuple, cst.List)):
            node, parent = parent, self.parent(parent)
        match parent:
            case cst.AnnAssign(target=target) | cst.AugAssign(target=target) | cst.NamedExpr(target=target):
                return target is node
            case cst.For(target=target) | cst.CompFor(target=target):
                return target is node
            case cst.FunctionDef(name=bound) | cst.ClassDef(name=bound) | cst.Param(name=bound):
                return bound is node
            case cst.AssignTarget() | cst.AsName() | cst.ImportAlias() | cst.NameItem() | cst.Del():
                return True
        return False

    def _function(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The function or class in which a node stands."""
        found = self.parent(node)
        while found is not None and not isinstance(found, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            found = self.parent(found)
        return found

    def assigned(self, name: cst.Name) -> cst.BaseExpression:
        """The value of a variable that is assigned once and used here only."""
        uses = self.names[name.value]
        if len(uses) == 2:  # noqa: PLR2004  where it is assigned, and here
            definition = uses[0] if uses[1] is name else uses[1]
            target = self.parent(definition)
            assignment = self.parent(target) if isinstance(target, cst.AssignTarget) else None
            if isinstance(assignment, cst.Assign) and len(assignment.targets) == 1:
                return assignment.value
        raise NoFix

    def import_of(self, name: str) -> Imported | None:
        """The `from` import that binds a name, where there is one and nothing else does."""
        found = [one for one in self.imported if one.bound == name]
        if len(found) > 1:
            raise NoFix
        return found[0] if found else None

    def renamed(self, name: cst.Name, new: str, homes: frozenset[str]) -> list[Change]:
        """Another name of the same module instead; imported, and the old one no longer, where nothing else uses it."""
        old = self.import_of(name.value)
        if old is None or old.alias.asname is not None or old.source.rpartition(".")[2] not in homes:
            raise NoFix
        there = self.import_of(new)
        changes = [self.replaced(name, new)]
        alone = len(self.names[name.value]) == 2  # noqa: PLR2004  the import and this use
        if there is not None:
            if there.alias.asname is not None or there.source != old.source:
                raise NoFix
            return [*changes, *(self.pruned(old) if alone else [])]
        if new in self.names:
            raise NoFix
        if alone:
            return [*changes, self.replaced(old.alias.name, new)]
        end = self.span(old.alias.name)[1]
        return [*changes, Change(end, end, f", {new}")]

    def pruned(self, old: Imported) -> list[Change]:
        """The import without this name; as it is where it would be left without any."""
        aliases = [one.alias for one in self.imported if one.statement is old.statement]
        number = next(number for number, alias in enumerate(aliases) if alias is old.alias)
        if len(aliases) == 1:
            return []
        start, end = self.span(old.alias)
        if number:
            start, end = self.span(aliases[number - 1].name)[1], self.span(old.alias.name)[1]
        else:
            end = self.span(aliases[1])[0]
        return [] if "#" in self.text[start:end] else [Change(start, end, "")]


_COUNTING = (cst.Name, cst.Call, cst.Arg, cst.BinaryOperation, cst.Add, cst.Subtract, cst.Integer)
"""What an expression for a number of classes is made of, such as `len(names) + 1`."""


_CROSS_ENTROPY = re.compile(r"cross_?entropy", re.IGNORECASE)


def last_name(function: cst.CSTNode) -> str:
    """The name at the end of `a.b.name`."""
    match function:
        case cst.Attribute(attr=attr):
            return attr.value
        case cst.Name(value=name):
            return name
    return ""


def _aliases(node: cst.ImportFrom) -> list[Imported]:
    source = "." * len(node.relative) + (lossless.dotted(node.module) or "" if node.module is not None else "")
    if isinstance(node.names, cst.ImportStar):
        return []
    found = []
    for alias in node.names:
        name = lossless.dotted(alias.name) or ""
        bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
        found.append(Imported(node, alias, source, bound))
    return found
