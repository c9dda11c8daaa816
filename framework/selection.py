"""Which stages a command is about: names with what is above and below them, tags, kinds.

`+claims` is a stage and all that it is made of, `claims+` all that is made of it, `2+claims` and `claims+3` go
so many steps. Words apart are a union, words with a comma between them an intersection.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from framework.diagnostics import Code, Diagnostic, PipelineError, suggest
from framework.plan import Plan, SourcePlan, StagePlan, reads

WRONG_SELECTION = Code("F113", "a selection that cannot be read or finds nothing")

_WORD = re.compile(r"(?:(?P<up>\d{0,9})\+)?(?:(?P<by>[^\s,+:]*):)?(?P<name>[^\s,+:]+)(?:\+(?P<down>\d{0,9}))?")
_HOW = "write name, +name, name+, 2+name, name+3, tag:name or kind:name; a blank is or, a comma is and"

Names = frozenset[str]


def selected(plan: Plan, select: Sequence[str], exclude: Sequence[str]) -> Names:
    """The stages that are selected and not excluded; without a selection all. Raises PipelineError."""
    graph = _Graph.of(plan)
    findings: list[Diagnostic] = []
    chosen = _union(graph, select, findings) if select else graph.stages.keys()
    found = frozenset(chosen - _union(graph, exclude, findings))
    if findings:
        raise PipelineError(*findings)
    if not found:
        raise PipelineError(Diagnostic(WRONG_SELECTION, "no stage is selected", None, _HOW))
    return found


def sources_read(plan: Plan, stages: Iterable[str]) -> Names:
    """The sources that stages read, and those that the checks of these are held against."""
    graph = _Graph.of(plan)
    direct = {name for stage in stages for name in graph.above[stage] if name in graph.sources}
    return frozenset(direct | _walk(direct, {name: reads(source) for name, source in graph.sources.items()}, None))


def below(plan: Plan, names: Iterable[str]) -> Names:
    """The stages that are made of these relations, at any distance."""
    graph = _Graph.of(plan)
    return frozenset(_walk(set(names), graph.below, None) & graph.stages.keys())


@dataclass(frozen=True, slots=True)
class _Graph:
    """`above` gives what each stage reads, `below` the stages that read a relation.

    A source is made of nothing: its checks may be held against another, and that is no way from one to the other.
    """

    sources: Mapping[str, SourcePlan]
    stages: Mapping[str, StagePlan]
    above: Mapping[str, Names]
    below: Mapping[str, Names]

    @classmethod
    def of(cls, plan: Plan) -> "_Graph":
        relations: tuple[SourcePlan | StagePlan, ...] = (*plan.sources, *plan.stages)
        above = {r.name: reads(r) if isinstance(r, StagePlan) else frozenset[str]() for r in relations}
        below: dict[str, set[str]] = {name: set() for name in above}
        for name, read in above.items():
            for other in read:
                below[other].add(name)
        return cls(
            {source.name: source for source in plan.sources},
            {stage.name: stage for stage in plan.stages},
            above,
            {name: frozenset(readers) for name, readers in below.items()},
        )


def _walk(start: Iterable[str], edges: Mapping[str, Names], steps: int | None) -> set[str]:
    """What is reached from the start in at most so many steps, the start itself left out unless reached."""
    found: set[str] = set()
    edge = set(start)
    while edge and (steps is None or steps > 0):
        edge = {other for name in edge for other in edges[name]} - found
        found |= edge
        steps = None if steps is None else steps - 1
    return found


# -- words


def _union(graph: _Graph, texts: Iterable[str], findings: list[Diagnostic]) -> Names:
    words = [word for text in texts for word in text.split() or [""]]
    return frozenset().union(*(_intersection(graph, word, findings) for word in words))


def _intersection(graph: _Graph, word: str, findings: list[Diagnostic]) -> Names:
    return frozenset.intersection(*(_found(graph, part, findings) for part in word.split(",")))


def _found(graph: _Graph, word: str, findings: list[Diagnostic]) -> Names:
    match = _WORD.fullmatch(word)
    if match is None:
        message = f"`{word}` is no selection" if word else "a selection is empty"
        findings.append(Diagnostic(WRONG_SELECTION, message, None, _HOW))
        return frozenset()
    named = _named(graph, match["by"], match["name"], findings)
    found = set(named)
    if match["up"] is not None:
        found |= _walk(named, graph.above, int(match["up"]) if match["up"] else None)
    if match["down"] is not None:
        found |= _walk(named, graph.below, int(match["down"]) if match["down"] else None)
    else:
        # A source is not built: to name it is to mean the stages that read it.
        found |= _walk(named & graph.sources.keys(), graph.below, 1)
    return frozenset(found & graph.stages.keys())


def _named(graph: _Graph, by: str | None, name: str, findings: list[Diagnostic]) -> Names:
    """The relations of a name, a tag or a kind; an unknown one is reported."""
    known = _known(graph)
    if by is not None and by not in known:
        findings.append(Diagnostic(WRONG_SELECTION, f"`{by}:` selects nothing", None, suggest(by, ("tag", "kind"))))
        return frozenset()
    of = known[by or "name"]
    found = of.get(name.casefold())
    if found is None:
        what = {"tag": "nothing has the tag", "kind": "no stage is of the kind"}.get(by or "", "no source or stage")
        findings.append(Diagnostic(WRONG_SELECTION, f"{what} `{name}`", None, _help(known, by, name)))
    return frozenset(found or ())


def _help(known: Mapping[str, Mapping[str, Names]], by: str | None, name: str) -> str:
    other = next((w for w in ("tag", "kind") if by is None and name.casefold() in known[w]), None)
    return f"did you mean `{other}:{name}`?" if other else suggest(name, known[by or "name"]) or "nothing has a tag"


def _known(graph: _Graph) -> dict[str, dict[str, Names]]:
    """The relations by what they can be selected by, in lower case."""
    found: dict[str, dict[str, Names]] = {"name": {}, "tag": {}, "kind": {}}
    relations: tuple[SourcePlan | StagePlan, ...] = (*graph.sources.values(), *graph.stages.values())
    for relation in relations:
        given = [("name", relation.name), *(("tag", tag) for tag in relation.tags)]
        if isinstance(relation, StagePlan):
            given.append(("kind", relation.kind))
        for by, word in given:
            found[by][word.casefold()] = found[by].get(word.casefold(), frozenset()) | {relation.name}
    return found
