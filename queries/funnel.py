"""Funnels: ordered steps, each a condition on a session, compiled to the deepest step reached."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # sqlglot takes half a second to load: only what asks a store needs it, not the command line's help
    from sqlglot import exp

Operator = Literal[">=", ">", "=", "is true"]


@dataclass(frozen=True, slots=True)
class Step:
    """Name one step: reached when `column operator value` holds, or when a later step is reached."""

    name: str
    definition: str
    column: str
    operator: Operator
    value: int = 0

    def condition(self, place: str) -> "exp.Expr":
        """Return the condition on a session; a number it compares with is bound at the named place."""
        from sqlglot import exp

        column = exp.column(self.column)
        if self.operator == "is true":
            return column
        operators = {">=": exp.GTE, ">": exp.GT, "=": exp.EQ}
        return operators[self.operator](this=column, expression=exp.Placeholder(this=place))


@dataclass(frozen=True, slots=True)
class Funnel:
    """Hold the ordered steps of a funnel; reach is cumulative by construction."""

    name: str
    steps: tuple[Step, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the session columns that decide the steps."""
        return tuple(dict.fromkeys(step.column for step in self.steps))

    @property
    def ends_with_an_order(self) -> bool:
        """Say whether exactly the sessions with an order reach the last step."""
        last = self.steps[-1]
        return last.column == "transactions" and (last.operator, last.value) in {(">", 0), (">=", 1)}

    def deepest_step(self) -> "tuple[exp.Case, dict[str, int]]":
        """Return the CASE for the deepest step reached (1 for the first, 0 for none) and its parameters."""
        from sqlglot import exp

        case, parameters = exp.Case(), {}
        for position in range(len(self.steps), 0, -1):
            step = self.steps[position - 1]
            name = f"step_{position}"
            if step.operator != "is true":
                parameters[name] = step.value
            case = case.when(step.condition(name), exp.Literal.number(position))
        return case.else_(exp.Literal.number(0)), parameters


ENGAGEMENT = Funnel(
    "Engagement",
    (
        Step("Browsed", "≥ 1 page", "pageviews", ">=", 1),
        Step("Engaged", "≥ 5 pages", "pageviews", ">=", 5),
        Step("Deep engagement", "≥ 10 pages", "pageviews", ">=", 10),
        Step("Converted", "≥ 1 order", "transactions", ">", 0),
    ),
)

CHECKOUT = Funnel(
    "Checkout",
    (
        Step("Visited", "≥ 1 page", "pageviews", ">=", 1),
        Step("Viewed item", "a product page", "viewed_item", "is true"),
        Step("Added to cart", "an item in the cart", "added_to_cart", "is true"),
        Step("Began checkout", "checkout begun", "began_checkout", "is true"),
        Step("Converted", "≥ 1 order", "transactions", ">", 0),
    ),
)

FUNNELS = (ENGAGEMENT, CHECKOUT)
