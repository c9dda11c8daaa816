"""A module held against the schemas of its providers, and against itself: every name, written or read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from terraform.checks.schema import Schema, Shape, Wheel, camel
from terraform.checks.tree import INDEX, Attribute, Block, Reference, Unreadable, read
from terraform.checks.versions import admits

KINDS = {"resource": "resources", "data": "data-sources"}
# What Terraform itself reads in a block, whatever the provider.
META = {"count", "for_each", "depends_on", "provider"}
META_BLOCKS = {"lifecycle", "dynamic", "provisioner", "connection"}
# Words there that look like references, by the kind of block.
NO_REFERENCES = {"lifecycle": {"ignore_changes"}, "module": {"providers"}}
# Roots of references that are no resource.
KNOWN = {"each", "count", "self", "path", "terraform"}


@dataclass(frozen=True)
class Finding:
    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class Module:
    """A folder of `.tf` files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blocks = tuple(block for path in sorted(folder.glob("*.tf")) for block in read(path))
        self.tests = tuple((path, read(path)) for path in sorted(folder.glob("tests/*.tftest.hcl")))

    def named(self, kind: str) -> Iterator[Block]:
        return (block for block in self.blocks if block.kind == kind)

    @cached_property
    def variables(self) -> dict[str, Block]:
        return {block.labels[0]: block for block in self.named("variable")}

    @cached_property
    def outputs(self) -> dict[str, Block]:
        return {block.labels[0]: block for block in self.named("output")}

    @cached_property
    def locals(self) -> dict[str, Attribute]:
        return {attribute.name: attribute for block in self.named("locals") for attribute in block.attributes}

    @cached_property
    def calls(self) -> dict[str, Block]:
        return {block.labels[0]: block for block in self.named("module")}

    @cached_property
    def things(self) -> dict[tuple[str, ...], Block]:
        """Resources and data sources, as they are referred to."""
        resources = {block.labels: block for block in self.named("resource")}
        return resources | {("data", *block.labels): block for block in self.named("data")}

    @cached_property
    def required(self) -> dict[str, Attribute]:
        """The providers that it says it needs."""
        settings = (inner for block in self.named("terraform") for inner in block.named("required_providers"))
        return {attribute.name: attribute for block in settings for attribute in block.attributes}


class Names:
    """The checks of one module."""

    def __init__(self, module: Module, wheels: Mapping[str, Wheel]) -> None:
        self.module, self.wheels = module, wheels
        self.read: set[tuple[str, ...]] = set()

    def findings(self) -> Iterator[Finding]:
        yield from self._providers()
        for block in self.module.blocks:
            if block.kind in KINDS:
                yield from self._thing(block)
            elif block.kind == "provider":
                yield from self._provider(block)
            elif block.kind == "module":
                yield from self._call(block)
            if block.kind not in ("variable", "terraform"):
                yield from self._references(block, {})
        read = set(self.read)
        for block in self.module.named("variable"):
            for validation in block.named("validation"):
                yield from self._references(validation, {})
        self.read = read  # a variable that only its validation reads is read by nothing
        yield from self._unused()
        for path, blocks in self.module.tests:
            yield from self._test(path, blocks)

    # -- what is written

    def _providers(self) -> Iterator[Finding]:
        for name, attribute in self.module.required.items():
            if name not in self.wheels:
                yield self._at(attribute, f"there is no schema of the provider `{name}`")
                continue
            version = self._schema(name).version
            constraint = _member(attribute, "version")
            if not constraint or not admits(constraint, version):
                message = f"the schema is of {name} {version}, which `{constraint}` does not admit"
                yield self._at(attribute, message)

    def _thing(self, block: Block) -> Iterator[Finding]:
        type_, kind = block.labels[0], KINDS[block.kind]
        provider = type_.partition("_")[0]
        if provider not in self.module.required:
            yield Finding(block.path, block.line, f"the provider `{provider}` is not among the required_providers")
            return
        if provider not in self.wheels:
            return
        shape = self._schema(provider).shape(kind, type_)
        if shape is None:
            message = f"there is no {block.kind} `{type_}`{_near(type_, self._schema(provider).names[kind])}"
            yield Finding(block.path, block.line, message)
            return
        yield from self._written(block, shape, META)

    def _provider(self, block: Block) -> Iterator[Finding]:
        name = block.labels[0]
        if name in self.wheels and (shape := self._schema(name).shape("provider", name)) is not None:
            yield from self._written(block, shape, set())

    def _written(self, block: Block, shape: Shape, meta: set[str]) -> Iterator[Finding]:
        given = {attribute.name for attribute in block.attributes}
        for attribute in block.attributes:
            known = shape.arguments.get(attribute.name)
            if known is None and attribute.name not in meta:
                message = f"`{shape.name}` has no argument `{attribute.name}`{_near(attribute.name, shape.arguments)}"
                yield Finding(block.path, attribute.line, message)
            elif known is not None and known.is_block:
                message = f"`{attribute.name}` of `{shape.name}` is a block: write it without `=`"
                yield Finding(block.path, attribute.line, message)
        for inner in block.blocks:
            name, body = inner.kind, inner
            if name == "dynamic":
                name = inner.labels[0]
                body = next(iter(inner.named("content")), inner)
            elif name in META_BLOCKS and meta:
                continue
            given.add(name)
            known = shape.arguments.get(name)
            if known is None or known.inside is None:
                message = f"`{shape.name}` has no block `{name}`{_near(name, _blocks(shape))}"
                yield Finding(block.path, inner.line, message)
            else:
                yield from self._written(body, known.inside, set())
        for known in shape.arguments.values():
            if known.required and known.name not in given:
                yield Finding(block.path, block.line, f"`{shape.name}` lacks its `{known.name}`")

    def _call(self, block: Block) -> Iterator[Finding]:
        called = self._called(block)
        if called is None:
            yield Finding(block.path, block.line, "`source` must be a folder of this repository")
            return
        given = {attribute.name for attribute in block.attributes} - META - {"source", "providers"}
        for attribute in block.attributes:
            if attribute.name in given and attribute.name not in called.variables:
                message = f"the module has no variable `{attribute.name}`{_near(attribute.name, called.variables)}"
                yield Finding(block.path, attribute.line, message)
        for name, variable in called.variables.items():
            if variable.attribute("default") is None and name not in given:
                yield Finding(block.path, block.line, f"the module lacks its variable `{name}`")

    # -- what is read

    def _references(self, block: Block, bound: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
        bound = dict(bound)
        if block.kind == "dynamic":
            bound[block.labels[0]] = ()
        over = block.attribute("for_each")
        item = over.reference if over is not None and block.kind != "dynamic" else None
        for attribute in block.attributes:
            if attribute.name in NO_REFERENCES.get(block.kind, {"provider"}):
                continue
            for reference in attribute.references(bound):
                if reference.parts[:2] == ("each", "value") and item is not None:
                    reference = Reference((*item.parts, INDEX, *reference.parts[2:]), reference.line)
                for message in self._message(reference, attribute.name == "depends_on"):
                    yield Finding(block.path, reference.line, message)
        for inner in block.blocks:
            yield from self._references(inner, bound)

    def _message(self, reference: Reference, whole: bool = False) -> Iterator[str]:
        parts = reference.parts
        root, name, rest = parts[0], parts[1] if len(parts) > 1 else "", parts[2:]
        self.read.add(parts[:2] if root != "data" else parts[:3])
        declared: Mapping[str, object]
        if root in KNOWN:
            return
        if root == "heredoc":
            yield "a reference in a heredoc is not looked at: write it in quotes, or by jsonencode"
        elif root in ("var", "local"):
            word, declared = ("variable", self.module.variables) if root == "var" else ("local", self.module.locals)
            if name not in declared:
                yield f"there is no {word} `{name}`{_near(name, declared)}"
        elif root == "module":
            yield from self._output(name, rest)
        else:
            address = parts[:3] if root == "data" else parts[:2]
            block = self.module.things.get(address)
            if block is None:
                near = _near(".".join(address), [".".join(thing) for thing in self.module.things])
                yield f"there is no `{'.'.join(address)}`{near}"
            else:
                yield from self._attribute(block, parts[len(address) :], ".".join(address), whole)

    def _output(self, name: str, rest: tuple[str, ...]) -> Iterator[str]:
        call = self.module.calls.get(name)
        if call is None:
            yield f"there is no module `{name}`{_near(name, self.module.calls)}"
            return
        called = self._called(call)
        rest = rest[1:] if rest[:1] == (INDEX,) else rest
        if called is not None and rest and rest[0] not in called.outputs:
            yield f"the module `{name}` has no output `{rest[0]}`{_near(rest[0], called.outputs)}"

    def _attribute(self, block: Block, rest: tuple[str, ...], address: str, whole: bool) -> Iterator[str]:
        many = block.attribute("for_each") is not None or block.attribute("count") is not None
        if rest[:1] == (INDEX,):
            if not many:
                yield f"`{address}` is one, and takes no index"
            rest = rest[1:]
        elif many and rest and not whole:
            yield f"`{address}` is several: say which, by an index"
            return
        provider = block.labels[0].partition("_")[0]
        if not rest or provider not in self.wheels:
            return
        schema = self._schema(provider)
        shape = schema.shape(KINDS[block.kind], block.labels[0])
        known = shape.attributes if shape is not None else None
        for name in rest:
            if known is None or name == INDEX:
                continue
            if camel(name) not in known:
                yield f"`{address}` has no attribute `{name}`{_near(camel(name), known)}"
                return
            known = schema.within(known[camel(name)])

    def _unused(self) -> Iterator[Finding]:
        for name, block in self.module.variables.items():
            if ("var", name) not in self.read:
                yield Finding(block.path, block.line, f"nothing reads the variable `{name}`")
            if block.attribute("description") is None or block.attribute("type") is None:
                yield Finding(block.path, block.line, f"the variable `{name}` needs a type and a description")
        for block in self.module.named("locals"):
            for attribute in block.attributes:
                if ("local", attribute.name) not in self.read:
                    yield Finding(block.path, attribute.line, f"nothing reads the local `{attribute.name}`")
        for address, block in self.module.things.items():
            if block.kind == "data" and address not in self.read:
                yield Finding(block.path, block.line, f"nothing reads `{'.'.join(address)}`")

    # -- tests of the module

    def _test(self, path: Path, blocks: tuple[Block, ...]) -> Iterator[Finding]:
        for block in blocks:
            if block.kind == "mock_provider":
                yield from self._mocks(block)
            given = [block] if block.kind == "variables" else block.named("variables")
            for attribute in (attribute for inner in given for attribute in inner.attributes):
                if attribute.name not in self.module.variables:
                    near = _near(attribute.name, self.module.variables)
                    yield Finding(path, attribute.line, f"the module has no variable `{attribute.name}`{near}")
            for inner in block.named("assert"):
                yield from self._asserted(inner)

    def _mocks(self, block: Block) -> Iterator[Finding]:
        for inner in block.blocks:
            kind = {"mock_resource": "resources", "mock_data": "data-sources"}.get(inner.kind)
            provider = block.labels[0]
            if kind is None or provider not in self.wheels:
                continue
            shape = self._schema(provider).shape(kind, inner.labels[0])
            if shape is None:
                yield Finding(inner.path, inner.line, f"there is no `{inner.labels[0]}`")

    def _asserted(self, block: Block) -> Iterator[Finding]:
        for attribute in block.attributes:
            for reference in attribute.references({}):
                root, name = reference.parts[0], reference.parts[1] if len(reference.parts) > 1 else ""
                if root == "output":
                    if name not in self.module.outputs:
                        near = _near(name, self.module.outputs)
                        yield Finding(block.path, reference.line, f"the module has no output `{name}`{near}")
                elif root != "run":
                    for message in self._message(reference):
                        yield Finding(block.path, reference.line, message)

    def _schema(self, provider: str) -> Schema:
        return self.wheels[provider].schema

    def _called(self, block: Block) -> Module | None:
        source = block.attribute("source")
        folder = self.module.folder / (source.text or "") if source is not None else None
        return Module(folder) if folder is not None and folder.is_dir() else None

    def _at(self, attribute: Attribute, message: str) -> Finding:
        path = next(block.path for block in self.module.named("terraform"))
        return Finding(path, attribute.line, message)


def look(root: Path, wheels: Mapping[str, Wheel]) -> Iterator[Finding]:
    """What is wrong in the modules under a folder."""
    for folder in sorted({path.parent for path in root.rglob("*.tf") if ".terraform" not in path.parts}):
        try:
            module = Module(folder)
        except Unreadable as error:
            yield Finding(error.path, error.line, "this cannot be read as Terraform")
            continue
        yield from Names(module, wheels).findings()


def _member(attribute: Attribute, name: str) -> str:
    """A plain text in an object, by its key."""
    for element in attribute.tree.find_data("object_elem"):
        words = [str(token).strip('" ') for token in element.scan_values(lambda value: True)]
        words = [word for word in words if word not in ("", "=")]
        if words and words[0] == name:
            return words[1] if len(words) > 1 else ""
    return ""


def _blocks(shape: Shape) -> list[str]:
    return [a.name for a in shape.arguments.values() if a.inside is not None]


def _near(name: str, names: Mapping[str, object] | list[str]) -> str:
    close = get_close_matches(name, list(names), 1)
    return f"; is `{close[0]}` meant?" if close else ""
