"""FHIRPath, as much of it as HL7's invariants use, compiled to Python functions.

R4's grammar is <http://hl7.org/fhirpath/N1>. What is not known here raises ValueError when it is
compiled, never when it is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from patients.fhir import fhirpath_functions as fn
from patients.fhir.definitions import resource_types
from patients.fhir.fhirpath_nodes import Node
from patients.fhir.fhirpath_tokens import tokens_of, unescaped

Nodes = fn.Nodes


@dataclass(frozen=True, slots=True)
class Scope:
    """What $this, %context and %resource mean."""

    this: Nodes
    context: Nodes
    resource: Nodes


# focus, scope -> result
Step = Callable[[Nodes, Scope], Nodes]
# loosest first
_LEVELS = (
    ("implies",),
    ("or", "xor"),
    ("and",),
    ("in", "contains"),
    ("=", "!="),
    ("<", "<=", ">", ">="),
    ("|",),
    ("is",),
    ("+", "&"),
)
_UCUM = [Node("http://unitsofmeasure.org", "string")]


def compiled(expression: str) -> Callable[[Node, Node], bool]:
    """The question whether an invariant holds for an element of a resource.

    No answer counts as no, as HL7's validator has it.
    """
    parser = _Parser(expression)
    step = parser.level(0)
    if parser.position != len(parser.tokens):
        raise ValueError(f"{expression!r}: not understood from {parser.peek!r}")

    def holds(node: Node, resource: Node) -> bool:
        found = step([node], Scope([node], [node], [resource]))
        return fn.truth(found) is True

    return holds


class _Parser:
    """Recursive descent; every rule gives back a step."""

    def __init__(self, expression: str) -> None:
        self.tokens = tokens_of(expression)
        self.position = 0

    @property
    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek
        if not token or (expected and token != expected):
            raise ValueError(f"{expected or 'more'} is expected, not {token!r}")
        self.position += 1
        return token

    def level(self, depth: int) -> Step:
        """Operators of one precedence, all of which bind to the left."""
        if depth == len(_LEVELS):
            return self.path()
        left = self.level(depth + 1)
        while self.peek in _LEVELS[depth]:
            operator = self.take()
            if operator == "is":
                left = _is_type(left, self.take())
            else:
                left = _operation(operator, left, self.level(depth + 1))
        return left

    def path(self) -> Step:
        step = self.term()
        while self.peek == ".":
            self.take()
            step = _then(step, self.member())
        return step

    def term(self) -> Step:
        word = self.peek
        if word == "(":
            self.take()
            inner = self.level(0)
            self.take(")")
            return lambda focus, scope: inner(scope.this, scope)
        if word[0:1] == "'":
            return _literal(Node(unescaped(self.take()), "string"))
        if word[0:1].isdigit():
            number = self.take()
            return _literal(Node(float(number) if "." in number else int(number), "decimal"))
        if word in ("true", "false"):
            return _literal(Node(self.take() == "true", "boolean"))
        if word in _NAMED:
            return _NAMED[self.take()]
        if word in resource_types():  # the type itself, of which the expression is asked
            self.take()
            return lambda focus, scope: scope.this
        member = self.member()
        return lambda focus, scope: member(scope.this, scope)

    def member(self) -> Step:
        """A child by name, or a function."""
        name = self.take()
        if not name[0].isalpha():
            raise ValueError(f"a name is expected, not {name!r}")
        if self.peek != "(":
            return lambda focus, scope: [c for node in focus for c in node.children(name)]
        self.take("(")
        arguments = []
        while self.peek != ")":
            arguments.append(self.level(0))
            if self.peek != ")":
                self.take(",")
        self.take(")")
        return _function(name, arguments)


_NAMED: dict[str, Step] = {
    "$this": lambda focus, scope: scope.this,
    "%context": lambda focus, scope: scope.context,
    "%resource": lambda focus, scope: scope.resource,
    "%ucum": lambda focus, scope: _UCUM,
}


def _literal(node: Node) -> Step:
    return lambda focus, scope: [node]


def _then(first: Step, second: Step) -> Step:
    return lambda focus, scope: second(first(focus, scope), scope)


def _is_type(left: Step, name: str) -> Step:
    return lambda focus, scope: fn.answer(fn.is_type(left(focus, scope), name))


def _operation(operator: str, left: Step, right: Step) -> Step:
    def step(focus: Nodes, scope: Scope) -> Nodes:
        first, second = left(focus, scope), right(focus, scope)
        if operator in fn.LOGIC:
            return fn.answer(fn.LOGIC[operator](fn.truth(first), fn.truth(second)))
        if operator == "|":
            return fn.union(first, second)
        if operator == "&":
            return [Node((fn.text_of(first) or "") + (fn.text_of(second) or ""), "string")]
        if operator == "+":
            return [Node(first[0].value + second[0].value, "decimal")] if first and second else []
        if operator in ("=", "!="):
            same = fn.equal(first, second)
            return fn.answer(same if same is None or operator == "=" else not same)
        if operator in ("in", "contains"):
            one, many = (first, second) if operator == "in" else (second, first)
            return fn.answer(one[0].value in [n.value for n in many]) if one else []
        return fn.answer(fn.compare(operator, first, second))

    return step


def _function(name: str, arguments: list[Step]) -> Step:
    if not arguments and name in fn.PLAIN:
        plain = fn.PLAIN[name]
        return lambda focus, scope: plain(focus)
    if len(arguments) == 1 and name in fn.ON_ARGUMENT:
        asked = fn.ON_ARGUMENT[name]
        return lambda focus, scope: asked(focus, arguments[0](scope.this, scope))
    if name == "trace":
        return lambda focus, scope: focus
    if name in _SPECIAL:
        return _SPECIAL[name](*arguments)
    raise ValueError(f"{name}() with {len(arguments)} arguments is not known")


def _each(step: Step, focus: Nodes, scope: Scope) -> list[tuple[Node, Nodes]]:
    """What the step gives with each node as $this."""
    return [(n, step([n], Scope([n], scope.context, scope.resource))) for n in focus]


def _where(condition: Step) -> Step:
    return lambda focus, scope: [n for n, r in _each(condition, focus, scope) if fn.truth(r)]


def _exists(condition: Step | None = None) -> Step:
    kept = _where(condition) if condition else lambda focus, scope: focus
    return lambda focus, scope: fn.answer(bool(kept(focus, scope)))


def _iif(condition: Step, then: Step, otherwise: Step | None = None) -> Step:
    def step(focus: Nodes, scope: Scope) -> Nodes:
        if fn.truth(condition(scope.this, scope)):
            return then(scope.this, scope)
        return otherwise(scope.this, scope) if otherwise else []

    return step


_SPECIAL: dict[str, Callable[..., Step]] = {
    "all": lambda condition: (
        lambda focus, scope: fn.answer(all(fn.truth(r) for _, r in _each(condition, focus, scope)))
    ),
    "exists": _exists,
    "iif": _iif,
    "replaceMatches": lambda pattern, by: (
        lambda focus, scope: fn.replace_matches(
            focus, pattern(scope.this, scope), by(scope.this, scope)
        )
    ),
    "select": lambda step: (
        lambda focus, scope: [m for _, r in _each(step, focus, scope) for m in r]
    ),
    "where": _where,
}
