"""Operators on syntax: a node of a Python file → what a mistake would put in its place.

The library's (`mutmut`) are taken as they are: boundaries, numbers, strings, operators, arguments, assignments. Those
here are for what it lacks: calls and statements that are forgotten or in the other order, guards and conditions of
writes that are dropped, errors that are swallowed, loops that end early. An operator has the library's form, a type of
node and a function from such a node to the nodes that may take its place.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import libcst as cst
from mutmut.mutation import mutators

Operator = tuple[type[cst.CSTNode], Callable[[Any], Iterable[cst.CSTNode]]]

CONDITIONS = frozenset({"IfMatch", "IfNoneMatch", "CopySourceIfMatch"})
"""Arguments of S3's calls that make a write conditional (Amazon S3 API Reference, "PutObject", "CopyObject")."""
SWAPPED_BUILTINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
REVERSED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.GreaterThan,
    cst.GreaterThan: cst.LessThan,
    cst.LessThanEqual: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.LessThanEqual,
}
JUMPS = (cst.Return, cst.Raise, cst.Continue, cst.Break)


def removed_statement(node: cst.SimpleStatementLine) -> Iterable[cst.CSTNode]:
    """Forget a call, a yield, an addition, an item's assignment, a raise or a jump."""
    match node.body:
        case [cst.Expr(value=cst.Call() | cst.Yield()) | cst.AugAssign() | cst.Raise() | cst.Continue() | cst.Break()]:
            yield node.with_changes(body=[cst.Pass()])
        case [cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript() | cst.Attribute())])]:
            yield node.with_changes(body=[cst.Pass()])


def removed_guard(node: cst.If) -> Iterable[cst.CSTNode]:
    """Forget an `if` that has no other branch, with what it guards."""
    if node.orelse is None:
        yield cst.SimpleStatementLine([cst.Pass()])


def negated_condition(node: cst.If | cst.While | cst.IfExp | cst.CompIf) -> Iterable[cst.CSTNode]:
    """Ask for the contrary."""
    if isinstance(node.test, cst.UnaryOperation) and isinstance(node.test.operator, cst.Not):
        yield node.with_changes(test=node.test.expression)
    else:
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), _in_parentheses(node.test)))


def dropped_operand(node: cst.BooleanOperation) -> Iterable[cst.CSTNode]:
    """Ask for one of two conditions alone."""
    for operand in (node.left, node.right):
        yield operand.with_changes(lpar=[*node.lpar, *operand.lpar], rpar=[*operand.rpar, *node.rpar])


def dropped_filter(node: cst.CompFor) -> Iterable[cst.CSTNode]:
    """Take all items, not only some."""
    if node.ifs:
        yield node.with_changes(ifs=[])


def dropped_condition(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Write whatever the state of the object is: without a condition by name, or given as `**condition`."""
    for number, argument in enumerate(node.args):
        if argument.star == "**" or (argument.keyword is not None and argument.keyword.value in CONDITIONS):
            yield node.with_changes(args=_without_last_comma([*node.args[:number], *node.args[number + 1 :]]))


def swapped_arguments(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Give two neighbouring arguments in the other order."""
    for number, (one, other) in enumerate(zip(node.args, node.args[1:], strict=False)):
        if not (one.keyword or other.keyword or one.star or other.star) and not one.value.deep_equals(other.value):
            args = list(node.args)
            args[number], args[number + 1] = one.with_changes(value=other.value), other.with_changes(value=one.value)
            yield node.with_changes(args=args)


def removed_call(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Use a value as it is, instead of what a call would make of it."""
    match node:
        case cst.Call(func=cst.Attribute(value=value), args=[]):
            yield value
        case cst.Call(func=cst.Name(), args=[cst.Arg(star="", keyword=None, value=value)]):
            if not isinstance(value, cst.GeneratorExp):
                yield value


def swapped_builtin(node: cst.Call) -> Iterable[cst.CSTNode]:
    """Take the least for the greatest, or any for all."""
    if isinstance(node.func, cst.Name) and node.func.value in SWAPPED_BUILTINS:
        yield node.with_changes(func=cst.Name(SWAPPED_BUILTINS[node.func.value]))


def reversed_comparison(node: cst.ComparisonTarget) -> Iterable[cst.CSTNode]:
    """Compare the other way round."""
    other = REVERSED.get(type(node.operator))
    if other is not None:
        yield node.with_changes(operator=other())


def smaller_number(node: cst.Integer) -> Iterable[cst.CSTNode]:
    """Count one less; the library counts one more."""
    if node.evaluated_value > 0:
        yield node.with_changes(value=str(node.evaluated_value - 1))


def lost_item(node: cst.For | cst.CompFor) -> Iterable[cst.CSTNode]:
    """Begin with the second item, or end before the last."""
    items = cst.Call(cst.Name("list"), [cst.Arg(node.iter)])
    for lower, upper in ((cst.Integer("1"), None), (None, cst.UnaryOperation(cst.Minus(), cst.Integer("1")))):
        yield node.with_changes(iter=cst.Subscript(items, [cst.SubscriptElement(cst.Slice(lower, upper))]))


def ended_loop(node: cst.For | cst.While) -> Iterable[cst.CSTNode]:
    """End a loop after its first round."""
    if isinstance(node.body, cst.IndentedBlock) and not _jumps(node.body.body[-1]):
        end = cst.SimpleStatementLine([cst.Break()])
        yield node.with_changes(body=node.body.with_changes(body=[*node.body.body, end]))


def early_return(node: cst.FunctionDef) -> Iterable[cst.CSTNode]:
    """Return before the last statement."""
    if isinstance(node.body, cst.IndentedBlock):
        *before, last = node.body.body
        if [line for line in before if not is_docstring(line)] and not _jumps(last):
            end = cst.SimpleStatementLine([cst.Return()])
            yield node.with_changes(body=node.body.with_changes(body=[*before, end, last]))


def swallowed_error(node: cst.ExceptHandler) -> Iterable[cst.CSTNode]:
    """Go on as if there had been no error; and take every error for the one that is expected."""
    yield node.with_changes(body=cst.IndentedBlock([cst.SimpleStatementLine([cst.Pass()])]))
    if node.type is not None and not (isinstance(node.type, cst.Name) and node.type.value.endswith("Exception")):
        yield node.with_changes(type=cst.Name("Exception"), whitespace_after_except=cst.SimpleWhitespace(" "))


def swapped_statements(node: cst.IndentedBlock) -> Iterable[cst.CSTNode]:
    """Do two neighbouring statements in the other order, where both call something."""
    for number, (one, other) in enumerate(zip(node.body, node.body[1:], strict=False)):
        if all(_is_movable(line) for line in (one, other)):
            body = list(node.body)
            body[number], body[number + 1] = other, one
            yield node.with_changes(body=body)


OWN: Sequence[Operator] = (
    (cst.SimpleStatementLine, removed_statement),
    (cst.If, removed_guard),
    (cst.If, negated_condition),
    (cst.While, negated_condition),
    (cst.IfExp, negated_condition),
    (cst.CompIf, negated_condition),
    (cst.BooleanOperation, dropped_operand),
    (cst.CompFor, dropped_filter),
    (cst.Call, dropped_condition),
    (cst.Call, swapped_arguments),
    (cst.Call, removed_call),
    (cst.Call, swapped_builtin),
    (cst.ComparisonTarget, reversed_comparison),
    (cst.Integer, smaller_number),
    (cst.For, lost_item),
    (cst.CompFor, lost_item),
    (cst.For, ended_loop),
    (cst.While, ended_loop),
    (cst.FunctionDef, early_return),
    (cst.ExceptHandler, swallowed_error),
    (cst.IndentedBlock, swapped_statements),
)
OPERATORS: Sequence[Operator] = (*OWN, *mutators.mutation_operators)


def name_of(operator: Operator) -> str:
    """The name of an operator: what it does, in words with hyphens."""
    return str(operator[1].__name__).removeprefix("operator_").replace("_", "-")


def is_docstring(node: cst.CSTNode) -> bool:
    """Whether a statement is a string alone."""
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _in_parentheses(node: cst.BaseExpression) -> cst.BaseExpression:
    changed: cst.BaseExpression = node.with_changes(
        lpar=[cst.LeftParen(), *node.lpar], rpar=[*node.rpar, cst.RightParen()]
    )
    return changed


def _without_last_comma(args: list[cst.Arg]) -> list[cst.Arg]:
    return [*args[:-1], args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)] if args else args


def _jumps(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[-1], JUMPS)


def _is_movable(node: cst.CSTNode) -> bool:
    """Whether a statement is a simple one that calls something, or a loop over something, and jumps nowhere."""
    if not isinstance(node, cst.SimpleStatementLine) or _jumps(node):
        return False
    match node.body:
        case [cst.Expr(value=cst.Call()) | cst.Assign() | cst.AugAssign() | cst.AnnAssign()]:
            finder = _Calls()
            node.visit(finder)
            return finder.found
    return False


class _Calls(cst.CSTVisitor):
    found = False

    def visit_Call(self, _node: cst.Call) -> bool:  # noqa: N802 - the visitor's name for it
        self.found = True
        return False
