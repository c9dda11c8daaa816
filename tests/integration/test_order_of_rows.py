"""The same rows in another order give the same results: every order of the language is made total."""

import random
from itertools import product

from integration.project import Project, Rows

# `columns` of the second source are not declared; rows differ in what is no date, and repeat.
PIPELINE = """
pipeline: shuffled
sources:
  raw:
    path: rows.csv
    columns: {grp: string, day: date, code: string, amount: "decimal(9,2)"}
  texts:
    path: rows.csv
    columns: {grp: string, day: string, code: string, amount: string}
  open: {path: rows.csv}
  keyed:
    path: keyed.csv
    key: [id]
    columns: {id: integer, grp: string, day: string, code: string, amount: "decimal(9,2)"}
stages:
  numbered:
    kind: normalize
    from: raw
    key: [number]
    columns: &windows
      grp:
      number: row_number() over (order by grp)
      place: rank() over (order by grp)
      dense: dense_rank() over (order by grp)
      before: lag(code) over (partition by grp order by day)
      after: lead(code, 2, 'none') over (partition by grp order by day desc)
      first: first_value(amount) over (order by grp desc)
      last: last_value(code) over (partition by day order by grp)
      so_far: count(code) over (partition by grp order by day)
      near: string_agg(code, '-') over (partition by grp order by day rows between 1 preceding and 1 following)
      listed: string_agg(code, '-') over (partition by grp)
      grp_again: "'x'"
      code: lower(code)
  opened:
    kind: normalize
    from: open
    key: [number]
    columns: *windows
  latest:
    kind: normalize
    from: raw
    key: [grp]
    columns: {grp: , day: , code: , amount: }
    deduplicate: {order_by: day desc}
  summed:
    kind: aggregate
    from: texts
    by: [grp]
    measures: &aggregates
      codes: string_agg(code, ',' order by day)
      days: string_agg(distinct day, ',')
      listed: string_agg(code, '')
      newest: arg_max(code, day)
      newest_amount: arg_max(amount, day)
      oldest: arg_min(code, day) || string_agg(amount, '+' order by day desc)
  clean_keyed: {kind: normalize, from: keyed, key: [id], columns: {id: , grp: , day: , code: , amount: }}
  summed_by_key: {kind: aggregate, from: clean_keyed, by: [grp], measures: {
    codes: "string_agg(code, ',' order by day)",
    newest: "arg_max(code, day)",
    newest_amount: "arg_max(amount, day)",
    newest_id: "arg_max(id, day)",
    oldest_id: "arg_min(id, day)"}}
"""
STAGES = ("staging.numbered", "staging.opened", "staging.latest", "marts.summed", "marts.summed_by_key")


def _lines() -> list[str]:
    days = ("2024-01-01", "2024-01-02", "", "no day", "nor this")
    return [",".join(row) for row in product(("a", "b", ""), days, ("x", "Y", "é", ""), ("1.00", "2.50"))] * 2


def _results(project: Project) -> dict[str, Rows]:
    return {stage: project.rows(stage) for stage in STAGES}


def test_shuffled_rows_give_the_same_results(project: Project) -> None:
    project.write("shuffled.yaml", PIPELINE)
    lines = _lines()
    numbered = [f"{n},{line}" for n, line in enumerate(line for line in lines if ",no" not in line)]
    found: list[dict[str, Rows]] = []
    for seed in range(4):
        shuffle = random.Random(seed).shuffle
        shuffle(lines)
        shuffle(numbered)
        project.csv("rows.csv", "grp,day,code,amount", *lines)
        project.csv("keyed.csv", "id,grp,day,code,amount", *numbered)
        project.good("shuffled.yaml")
        found.append(_results(project))
    for other in found[1:]:
        for stage in STAGES:
            assert other[stage] == found[0][stage], stage


def test_arguments_of_the_extreme_are_of_one_row(project: Project) -> None:
    """Of rows that share the extreme, every arg_max takes the same one, and every arg_min."""
    project.write("shuffled.yaml", PIPELINE)
    project.csv("rows.csv", "grp,day,code,amount", *_lines())
    rows = {"1": ("z", "1.00"), "2": ("a", "9.00"), "3": ("m", "5.00")}
    project.csv("keyed.csv", "id,grp,day,code,amount", *(f"{i},g,d,{c},{a}" for i, (c, a) in rows.items()))
    project.good("shuffled.yaml")
    found = project.query("SELECT newest_id, newest, newest_amount, oldest_id FROM marts.summed_by_key")
    assert [(str(i), code, str(amount), str(first)) for i, code, amount, first in found] == [("1", "z", "1.00", "1")]
