"""Stand-ins for providers: they know the schema, and nothing else.

Terraform asks a provider for its schema to validate a module, and to mock the provider in `terraform test`. The real
ones cannot be had without their registry. A stand-in serves the schema of the types that are used, says yes to every
value, and cannot plan or make anything; so what only the real provider knows (the form of an ARN, which arguments
exclude each other) stays unsaid. An argument that may be left out is null then; some real providers fill it in.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import grpc

from terraform.checks.schema import Argument, Schema, Shape, camel
from terraform.checks.wire import Message, text

_ADDRESSES = {"aws": "hashicorp/aws", "snowflake": "snowflakedb/snowflake", "databricks": "databricks/databricks"}
_AGREES = ("ValidateProviderConfig", "ValidateResourceConfig", "ValidateDataResourceConfig", "StopProvider")
_SINGLE, _LIST, _SET = 1, 2, 3
_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic", "json": "dynamic"}


@contextmanager
def serving(schemas: Iterable[Schema], used: Mapping[str, set[str]]) -> Iterator[dict[str, str]]:
    """Stand-ins on loopback, as long as the block lasts; gives what the environment of Terraform needs to find them.

    `used` are the types that are served, by `resources` and `data-sources`.
    """
    found = {}
    with ExitStack() as stack:
        for schema in schemas:
            server = grpc.server(ThreadPoolExecutor(4))
            server.add_generic_rpc_handlers((_provider(_described(schema, used)),))
            port = server.add_insecure_port("127.0.0.1:0")
            server.start()
            stack.callback(server.stop, None)
            found[_ADDRESSES[schema.provider]] = {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "tcp", "String": f"127.0.0.1:{port}"},
            }
        yield {"TF_REATTACH_PROVIDERS": json.dumps(found)}


def _provider(described: bytes) -> Any:
    """An answer without a content says yes: it holds no diagnostics."""
    answers = {"GetProviderSchema": described, **dict.fromkeys(_AGREES, b"")}
    handlers = {name: _answering(answer) for name, answer in answers.items()}
    return grpc.method_handlers_generic_handler("tfplugin6.Provider", handlers)


def _answering(answer: bytes) -> Any:
    return grpc.unary_unary_rpc_method_handler(lambda request, context: answer)


# -- the messages of the protocol's version 6, by the numbers of their fields


def _described(schema: Schema, used: Mapping[str, set[str]]) -> bytes:
    message = Message()
    provider = schema.shape("provider", schema.provider)
    message.add(1, _schema(schema, provider) if provider is not None else b"")
    for field, kind in ((2, "resources"), (3, "data-sources")):
        for name in sorted(used[kind]):
            shape = schema.shape(kind, name)
            if shape is not None:
                shape = replace(shape, reads=kind == "data-sources")
                message.add(field, Message(text(1, name)).add(2, _schema(schema, shape)).done())
    return message.done()


def _schema(schema: Schema, shape: Shape) -> bytes:
    return Message().add(2, _block(schema, shape, _computed(schema, shape))).done()


def _block(schema: Schema, shape: Shape, computed: Iterable[bytes] = ()) -> bytes:
    message = Message()
    for argument in shape.arguments.values():
        if not argument.is_block:
            message.add(2, _attribute(schema, shape, argument))
    for attribute in computed:
        message.add(2, attribute)
    for argument in shape.arguments.values():
        if argument.is_block and argument.inside is not None:
            nested = Message(text(1, argument.name)).add(2, _block(schema, argument.inside))
            single = argument.name == "timeouts"
            nested.put(3, _SINGLE if single else _nesting(schema, shape, argument.name, argument.type))
            nested.put(4, int(argument.required))
            nested.put(5, 0 if single or _is_many(argument.type) else 1)
            message.add(3, nested.done())
    return message.done()


def _attribute(schema: Schema, shape: Shape, argument: Argument) -> bytes:
    message = Message(text(1, argument.name))
    if argument.inside is None:
        message.add(2, json.dumps(_type(schema, shape, argument.name, argument.type)).encode())
    else:
        inside = Message()
        for inner in argument.inside.arguments.values():
            inside.add(1, _attribute(schema, argument.inside, inner))
        nesting = _nesting(schema, shape, argument.name, argument.type) if _is_many(argument.type) else _SINGLE
        message.add(10, inside.put(3, nesting).done())
    if shape.reads and not argument.required:
        message.put(6, 1)
    return message.put(4 if argument.required else 5, 1).done()


def _computed(schema: Schema, shape: Shape) -> Iterator[bytes]:
    known = {camel(name) for name in shape.arguments}
    for name in shape.attributes:
        if name not in known:
            type_ = json.dumps(_read(schema, shape, name)).encode()
            yield Message(text(1, _snake(name))).add(2, type_).put(6, 1).done()


def _read(schema: Schema, shape: Shape, name: str) -> Any:
    """The type of an attribute that can only be read."""
    inner = schema.within(shape.attributes[name])
    if inner is None:
        return _type(schema, shape, _snake(name), shape.types[name])
    below = Shape(name, {}, inner, schema.types(shape.attributes[name]), shape.source)
    fields = {_snake(n): _read(schema, below, n) for n in inner if n != "internalValue"}
    return [_word(schema, shape, _snake(name)), ["object", fields]]


def _type(schema: Schema, shape: Shape, name: str, described: Any) -> Any:
    if "union" in described:
        return _type(schema, shape, name, described["union"]["types"][0])
    if "collection" in described:
        kind = "map" if described["collection"]["kind"] == "map" else _word(schema, shape, name)
        return [kind, _type(schema, shape, name, described["collection"]["elementtype"])]
    if "primitive" in described:
        return _PRIMITIVES[described["primitive"]]
    word = described["fqn"].rpartition(".")[2]  # of cdktf itself
    return {"IResolvable": "bool", "StringMap": ["map", "string"]}.get(word, "dynamic")


def _nesting(schema: Schema, shape: Shape, name: str, described: Any) -> int:
    return _SET if _is_many(described) and _word(schema, shape, name) == "set" else _LIST


def _is_many(described: Any) -> bool:
    return "collection" in described or any(map(_is_many, described.get("union", {}).get("types", ())))


def _word(schema: Schema, shape: Shape, name: str) -> str:
    """`set` or `list`: what the generated code says of the name, where its types do not tell."""
    code = schema.code(shape.source)
    patterns = (rf"\b{name}: \{{[^{{}}]*?type: \"set\"", rf"tolist\([^;]*'{name}'", rf"\"{name}\", true\)")
    return "set" if any(re.search(pattern, code) for pattern in patterns) else "list"


def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)
