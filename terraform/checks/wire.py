"""The little of the wire format of protocol buffers that a schema needs: numbers, and what has a length."""


class Message:
    def __init__(self, begun: bytes = b"") -> None:
        self._parts = [begun]

    def add(self, field: int, content: bytes) -> "Message":
        self._parts.append(_varint(field << 3 | 2) + _varint(len(content)) + content)
        return self

    def put(self, field: int, value: int) -> "Message":
        self._parts.append(number(field, value))
        return self

    def done(self) -> bytes:
        return b"".join(self._parts)


def text(field: int, value: str) -> bytes:
    return Message().add(field, value.encode()).done()


def number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
