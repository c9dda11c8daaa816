"""What is known of rows put one after another: what every branch knows, within a branch."""

from collections.abc import Mapping, Sequence

from framework.dependencies.known import NOTHING, Attribute, Attributes, Fact, Known, Part, Parts
from framework.dependencies.rows import Rows

Branch = tuple[Known, Mapping[str, Attribute]]


def united(branches: Sequence[Branch], name: str) -> Rows:
    """`branches` are what is known of each, with what its output columns are known as there."""
    row, branch = Attribute(f"row of {name}", name), Attribute(f"branch of {name}", name)
    if not branches:
        return Rows(Known(row))
    outputs = {column: Attribute(column) for column in branches[0][1]}
    union = _United(branches, row, branch, outputs)
    facts = [Fact(frozenset([row]), frozenset([branch])), *union.telling(), *union.facts()]
    parts = union.parts(facts)
    sure = frozenset(
        made
        for column, made in outputs.items()
        if all(known.filled([]) >= {given[column]} for known, given in branches)
    )
    return Rows(Known(row, outputs, tuple(facts), sure, parts=parts))


class _United:
    def __init__(
        self, branches: Sequence[Branch], row: Attribute, branch: Attribute, outputs: Mapping[str, Attribute]
    ) -> None:
        self.branches, self.row, self.branch, self.outputs = branches, row, branch, outputs

    def telling(self) -> list[Fact]:
        """A column of one value in each branch, and another in each other, tells the branch; the branch gives it."""
        found = []
        for column, made in self.outputs.items():
            constants = [known.constants.get(given[column]) for known, given in self.branches]
            values = [c.value for c in constants if c is not None]
            if len(values) < len(self.branches):
                continue
            found.append(Fact(frozenset([self.branch]), frozenset([made])))
            types = {c.type.name for c in constants if c is not None}
            # A value of one type must not equal one of another once both are widened.
            if len(set(values)) == len(values) and len(types) == 1 and types != {"double"}:
                found.append(Fact(frozenset([made]), frozenset([self.branch])))
        return found

    def facts(self) -> list[Fact]:
        """What the columns of `given` determine in every branch, they determine with the branch."""
        found = []
        for names in self._determinants():
            closed = [known.closure(self._in(index, names)) for index, (known, _) in enumerate(self.branches)]
            whole = [known.row in c for c, (known, _) in zip(closed, self.branches, strict=True)]
            given = frozenset(self.outputs[n] for n in names) | {self.branch}
            determined = {
                self.outputs[column]
                for column in self.outputs
                if all(w or g[column] in c for w, c, (_, g) in zip(whole, closed, self.branches, strict=True))
            }
            if all(whole):
                determined.add(self.row)
            if determined - given:
                found.append(Fact(given, frozenset(determined) - given))
        return found

    def parts(self, facts: list[Fact]) -> dict[Attribute, Parts]:
        """How each column adds up. What its figures are one per may be told by other columns in each branch, so that
        a new attribute stands for all of them; facts on it are added."""
        found: dict[Attribute, Parts] = {}
        made: dict[tuple[Attributes, ...], Attribute] = {}
        for column, output in self.outputs.items():
            given = [sorted(known.adding(g[column]), key=_order) for known, g in self.branches]
            most = max(len(g) for g in given)
            parts = []
            for index in range(most):
                pers = tuple(
                    g[index].per if index < len(g) else frozenset([known.row])
                    for g, (known, _) in zip(given, self.branches, strict=True)
                )
                if pers not in made:
                    made[pers] = self._per(pers, facts)
                parts.append(Part(frozenset([made[pers]]), NOTHING, output))
            found[output] = frozenset(parts)
        return found

    def _per(self, pers: Sequence[Attributes], facts: list[Fact]) -> Attribute:
        if all(known.row in per for per, (known, _) in zip(pers, self.branches, strict=True)):
            return self.row
        made = Attribute("what it is one per")
        facts.append(Fact(frozenset([self.row]), frozenset([made])))
        if all(known.determine(per, [known.row]) for per, (known, _) in zip(pers, self.branches, strict=True)):
            facts.append(Fact(frozenset([made]), frozenset([self.row])))
        for names in self._determinants():
            if all(
                known.determine(self._in(index, names), per)
                for index, (per, (known, _)) in enumerate(zip(pers, self.branches, strict=True))
            ):
                given = frozenset(self.outputs[n] for n in names) | {self.branch}
                facts.append(Fact(given, frozenset([made])))
        return made

    def _in(self, index: int, names: frozenset[str]) -> Attributes:
        return frozenset(self.branches[index][1][n] for n in names)

    def _determinants(self) -> set[frozenset[str]]:
        """Sets of output columns that determine something in one of the branches."""
        found = set()
        for known, given in self.branches:
            names = {attribute: column for column, attribute in given.items()}
            found |= {
                frozenset(names[a] for a in fact.given)
                for fact in known.facts
                if fact.given and not fact.where and fact.given <= names.keys()
            }
        return found


def _order(part: Part) -> tuple[str, ...]:
    return tuple(sorted(a.label for a in part.per))
