"""Mutation operators on concrete syntax: each names a small mistake and gives, for a node, what stands there instead.

Compared with the lists of cosmic-ray and mutmut. Left out are changes of strings, exceptions' names and annotations, which resemble no
student's mistake, and `x = None`, which every case notices. Added are those of tensor code: `no_grad`, `detach`, `clone`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst
import libcst.matchers as m

Operator = Callable[[cst.CSTNode], Iterator[cst.CSTNode]]

BINARY: dict[type[cst.BaseBinaryOp], tuple[type[cst.BaseBinaryOp], ...]] = {
    cst.Add: (cst.Subtract,),
    cst.Subtract: (cst.Add,),
    cst.Multiply: (cst.Divide,),
    cst.Divide: (cst.Multiply,),
    cst.Power: (cst.Multiply,),
    cst.MatrixMultiply: (cst.Multiply,),
    cst.FloorDivide: (cst.Divide,),
    cst.Modulo: (cst.FloorDivide,),
}
AUGMENTED: dict[type[cst.BaseAugOp], type[cst.BaseAugOp]] = {
    cst.AddAssign: cst.SubtractAssign,
    cst.SubtractAssign: cst.AddAssign,
    cst.MultiplyAssign: cst.DivideAssign,
    cst.DivideAssign: cst.MultiplyAssign,
}
COMPARED: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.LessThanEqual,
    cst.LessThanEqual: cst.LessThan,
    cst.GreaterThan: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.GreaterThan,
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
    cst.Is: cst.IsNot,
    cst.IsNot: cst.Is,
    cst.In: cst.NotIn,
    cst.NotIn: cst.In,
}
COPIES = ("detach", "detach_", "clone", "deepcopy", "copy", "clone_")
GUARDS = ("no_grad", "inference_mode", "enable_grad")


def sign(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """-x -> x"""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        yield node.expression


def operator(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """a + b -> a - b, a * b -> a / b, a ** b -> a * b, a += b -> a -= b, ..."""
    if isinstance(node, cst.BinaryOperation):
        for other in BINARY.get(type(node.operator), ()):
            yield node.with_changes(operator=other())
    elif isinstance(node, cst.AugAssign) and type(node.operator) in AUGMENTED:
        yield node.with_changes(operator=AUGMENTED[type(node.operator)]())


def constant(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """n -> n + 1 and n - 1, x -> 2 * x, True -> False"""
    if isinstance(node, cst.Integer):
        yield cst.Integer(str(node.evaluated_value + 1))
        yield cst.Integer("0") if node.evaluated_value == 1 else _number(node.evaluated_value - 1)
    elif isinstance(node, cst.Float):
        yield cst.Float(repr(2 * node.evaluated_value)) if node.evaluated_value else cst.Float("1.0")
    elif isinstance(node, cst.Name) and node.value in ("True", "False"):
        yield cst.Name("False" if node.value == "True" else "True")


def comparison(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """a < b -> a <= b, a == b -> a != b, ..."""
    if isinstance(node, cst.ComparisonTarget) and type(node.operator) in COMPARED:
        yield node.with_changes(operator=COMPARED[type(node.operator)]())


def logic(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """a and b -> a or b, not a -> a"""
    if isinstance(node, cst.BooleanOperation):
        yield node.with_changes(operator=cst.Or() if isinstance(node.operator, cst.And) else cst.And())
    elif isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        yield node.expression


def arguments(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """f(a, b) -> f(b, a), f(a, key=b) -> f(a)"""
    if not isinstance(node, cst.Call):
        return
    plain = [i for i, a in enumerate(node.args) if a.keyword is None and not a.star]
    for i, j in zip(plain, plain[1:], strict=False):
        if not node.args[i].value.deep_equals(node.args[j].value):
            swapped = list(node.args)
            swapped[i], swapped[j] = (
                node.args[i].with_changes(value=node.args[j].value),
                node.args[j].with_changes(value=node.args[i].value),
            )
            yield node.with_changes(args=swapped)
    for i, argument in enumerate(node.args):
        if argument.keyword is not None:
            yield node.with_changes(args=[a for j, a in enumerate(node.args) if j != i])


def statement(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A statement, or an `if` without `else`, is dropped."""
    if isinstance(node, cst.SimpleStatementLine) and not m.matches(node.body[0], m.Pass()):
        yield node.with_changes(body=[cst.Pass()])
    elif isinstance(node, cst.If) and node.orelse is None:
        yield cst.SimpleStatementLine([cst.Pass()])


def guard(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """with torch.no_grad(): -> if True:"""
    if isinstance(node, cst.With) and any(
        m.matches(item.item, m.Call(m.Attribute(attr=m.OneOf(*map(m.Name, GUARDS))))) for item in node.items
    ):
        yield cst.If(cst.Name("True"), node.body)


def copied(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """x.detach() -> x, x.clone() -> x, copy.deepcopy(x) -> x"""
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in COPIES:
        yield node.args[0].value if node.args else node.func.value


def assignment(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """a += b -> a = b, a = b -> a += b"""
    if isinstance(node, cst.AugAssign):
        yield cst.Assign([cst.AssignTarget(node.target)], node.value)
    elif isinstance(node, cst.Assign) and len(node.targets) == 1 and not isinstance(node.targets[0].target, cst.Tuple):
        yield cst.AugAssign(node.targets[0].target, cst.AddAssign(), node.value)


OPERATORS: dict[str, Operator] = {
    o.__name__: o for o in (sign, operator, constant, comparison, logic, arguments, statement, guard, copied, assignment)
}


def _number(value: int) -> cst.BaseExpression:
    return cst.Integer(str(value)) if value >= 0 else cst.UnaryOperation(cst.Minus(), cst.Integer(str(-value)))
