"""`phi` follows what is made of a column; `none` ends it. The manifest says so."""

from pathlib import Path

from framework.artifacts import manifest
from framework.load import load
from framework.resolve import resolve

PIPELINE = """
pipeline: people
sources:
  raw:
    path: raw.csv
    classification: phi
    columns:
      id: {type: string, classification: none}
      name: string
      born: date
      plan: {type: string, classification: none}
  plain: {path: plain.csv, key: [id], columns: {id: string, note: string}}
  open: {path: open.csv, classification: phi}
stages:
  people:
    kind: normalize
    from: raw
    key: [id]
    columns:
      id:
      name:
      born:
      plan:
      initial: substring(name, 1, 1)
      mixed: concat(id, name)
      harmless: {expr: "length(name)", classification: none}
      before: {expr: lag(name) over (order by id)}
  notes: {kind: normalize, from: plain, key: [id], columns: {id: , note: }}
  asked: {kind: normalize, from: open, key: [id], columns: {id: }}
  both:
    kind: assemble
    from: notes
    join:
      people: {on: [id], type: left, take: [name, harmless]}
  merged: {kind: assemble, union: [notes, named], key: [id, note]}
  named: {kind: normalize, from: people, key: [id], columns: {id: , note: name}}
  oldest: {kind: aggregate, from: people, by: [plan], measures: {born: min(born), rows: count(*)}}
"""


def _marked(tmp_path: Path) -> dict[str, set[str]]:
    path = tmp_path / "people.yaml"
    path.write_text(PIPELINE)
    shown = manifest(resolve(load(path, tmp_path)))
    relations = [*shown["sources"], *shown["stages"]]
    return {r["name"]: {c["name"] for c in r["columns"] if c["classification"] == "phi"} for r in relations}


def test_phi_follows_what_is_made_of_a_column(tmp_path: Path) -> None:
    assert _marked(tmp_path) == {
        "raw": {"name", "born"},
        "plain": set(),
        "open": set(),
        "people": {"name", "born", "initial", "mixed", "before"},
        "notes": set(),
        "asked": {"id"},
        "both": {"name"},
        "merged": {"note"},
        "named": {"note"},
        "oldest": {"born"},
    }
