"""What can be wrong with a file before anything is known of what it means."""

from typing import Final

from framework.diagnostics import Code

F001: Final = Code("F001", "file cannot be read")
F002: Final = Code("F002", "not YAML")
F003: Final = Code("F003", "tab used as indentation")
F004: Final = Code("F004", "repeated key")
F005: Final = Code("F005", "file too large")
F006: Final = Code("F006", "not text")
F007: Final = Code("F007", "empty file")
F008: Final = Code("F008", "aliases or nesting without end")
F009: Final = Code("F009", "unsupported tag or value")
F010: Final = Code("F010", "several documents in one file")
F011: Final = Code("F011", "top level is not a mapping")
