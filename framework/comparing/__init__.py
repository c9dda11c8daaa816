"""What stands of a stage in two targets, held against each other by hashes that each warehouse computes.

`shape` says what rows are known by and what is compared, `statements` asks one warehouse, `side` is a target that is
asked, `rows` finds what differs in two streams of hashes, and `stages` puts these together, the cheapest first.
"""
